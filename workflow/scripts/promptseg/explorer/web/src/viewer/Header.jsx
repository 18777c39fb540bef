/** Which object it is, and the way to others. */
export function Header({ run, store, object, previous, next, close, position }) {
  const { objects } = store;
  const dataset = objects.dataset(object);
  const volume = run.pages.volumes?.[dataset.name];
  const button = (title, sign, go) => (
    <button type="button" disabled={!go} onClick={go ?? undefined}>{sign} {title}</button>
  );
  return (
    <header>
      <h2>{objects.task(object).title} <small>{dataset.title}</small></h2>
      <nav aria-label="Objects">
        {button("Previous", "‹", previous)}
        {button("Next", "›", next)}
        {close && <button type="button" onClick={close}>Back to the table</button>}
        {position && <span>{position}</span>}
      </nav>
      <p>
        Image {objects.image(object)}, patient {objects.patient(object)}, {new Intl.NumberFormat("en").format(objects.area[object])} px
        ({(100 * objects.relative_area[object]).toPrecision(2)} % of the image)
        {volume && <>. <a href={volume}>This volume in three planes</a></>}
      </p>
    </header>
  );
}
