/** Whoever wants the same at the same time shares one reading of it. */
export function sharing<Value>(): (key: string, read: () => Promise<Value>) => Promise<Value> {
  const underWay = new Map<string, Promise<Value>>();
  return async (key, read) => {
    const shared = underWay.get(key) ?? read().finally(() => underWay.delete(key));
    underWay.set(key, shared);
    return await shared;
  };
}
