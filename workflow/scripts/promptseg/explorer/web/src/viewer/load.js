// Everything that the viewer needs of one object.
import { useMemo } from "preact/hooks";
import { decode } from "../rle.js";
import { ownSetting } from "./answers.js";
import { useImage, useLoaded } from "./use.js";

/**
 * The picture of an object with its truth: {image, truth: {mask: bytes, area, size, spacing, bbox, prompts}}, or {error}.
 * Empty while it is under way.
 */
export function usePicture(store, object) {
  const k = store.objects.picture[object];
  const image = useImage(store.image(k));
  const truths = useLoaded(`truths/${k}`, () => store.get(`truths/${k}`));
  const truth = useMemo(() => {
    const given = truths.value?.objects[object];
    if (!given) return null;
    const { size, spacing } = truths.value;
    const mask = decode(given.rle, ...size);
    return { ...given, size, spacing, mask, area: store.objects.area[object] };
  }, [truths.value, object]);
  const error = image.error ?? truths.error;
  if (error) return { error };
  return image.value && truth ? { image: image.value, truth } : {};
}

/** What the methods answered, by method: {value: {method: content}}, or {error}. Methods without a file have none. */
export function useMasks(store, methods, object) {
  const k = store.objects.picture[object];
  const names = methods.map(({ name }) => name);
  const loaded = useLoaded(`${k} ${names.join()}`, async () => {
    const files = await Promise.all(names.map((name) => store.get(`masks/${name}/${k}`)));
    return Object.fromEntries(names.map((name, index) => [name, files[index]]));
  });
  return loaded;
}

/** The numbers of the methods in a setting or their own, by method: {value: {method: {metric: number, status: text}}}, or {error}. */
export function useNumbers(store, methods, setting, object) {
  const { run } = store;
  const files = methods.map((method) => [method.name, ownSetting(run, method, setting).id]);
  const loaded = useLoaded(files.join(), async () => {
    const one = async ([method, id]) => {
      const columns = run.columns[method]?.[id] ?? [];
      const values = await Promise.all(columns.map((column) => store.column(method, id, column)));
      return [method, Object.fromEntries(columns.map((column, index) => [column, values[index]]))];
    };
    return Object.fromEntries(await Promise.all(files.map(one)));
  });
  const number = ([column, values]) => [column, column === "status" ? run.statuses[values[object]] : values[object]];
  const numbers = (columns) => Object.fromEntries(Object.entries(columns).map(number));
  const value = useMemo(
    () => loaded.value && Object.fromEntries(Object.entries(loaded.value).map(([method, columns]) => [method, numbers(columns)])),
    [loaded.value, object],
  );
  return { ...loaded, value };
}
