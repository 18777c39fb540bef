/** One object: its image, truth and masks. */
export default function Viewer({ store, object }) {
  return <p>{store.objects.key(object)}</p>;
}
