/** A graph whose nodes are in layers: what a node needs is in a layer above it. */
export interface Layout {
  readonly nodes: readonly Placed[];
  readonly edges: readonly Route[];
  readonly width: number;
  readonly height: number;
}

export interface Placed {
  readonly key: string;
  /** Left upper corner. */
  readonly x: number;
  readonly y: number;
}

export interface Route {
  readonly from: string;
  readonly to: string;
  /** The points that the line goes through, from top to bottom. */
  readonly points: readonly {readonly x: number; readonly y: number}[];
}

export interface Boxes {
  readonly width: number;
  readonly height: number;
  readonly gapX: number;
  readonly gapY: number;
}

/** A node, or the place where a line passes a layer. */
interface Slot {
  readonly key: string;
  readonly isNode: boolean;
  readonly layer: number;
  above: Slot[];
  below: Slot[];
  order: number;
}

const SWEEPS = 6;
const LANE = 24;

/**
 * Places nodes in layers, by the longest way to each; lines that say nothing new are left out.
 * @param needs key -> what it needs, in an order in which needs come first
 */
export const layOut = (needs: ReadonlyMap<string, readonly string[]>, boxes: Boxes): Layout => {
  const reduced = withoutShortcuts(needs);
  const layers = layersOf(reduced);
  const slots = new Map<string, Slot>();
  const rows: Slot[][] = [];
  const add = (key: string, layer: number, isNode: boolean): Slot => {
    const row = (rows[layer] ??= []);
    const slot: Slot = {key, isNode, layer, above: [], below: [], order: row.length};
    row.push(slot);
    return slot;
  };
  for (const key of reduced.keys()) slots.set(key, add(key, layers.get(key) ?? 0, true));
  const ways: {from: string; to: string; slots: Slot[]}[] = [];
  for (const [key, list] of reduced)
    for (const need of list) {
      const chain = [slots.get(need) as Slot];
      for (let layer = (layers.get(need) ?? 0) + 1; layer < (layers.get(key) ?? 0); layer++)
        chain.push(add(`${need}>${key}`, layer, false));
      chain.push(slots.get(key) as Slot);
      for (let index = 1; index < chain.length; index++) join(chain[index - 1] as Slot, chain[index] as Slot);
      ways.push({from: need, to: key, slots: chain});
    }
  untangle(rows);
  return placed(rows, ways, boxes);
};

const join = (upper: Slot, lower: Slot): void => {
  upper.below.push(lower);
  lower.above.push(upper);
};

/** Without a need that another need has, too. */
const withoutShortcuts = (needs: ReadonlyMap<string, readonly string[]>): Map<string, readonly string[]> => {
  const before = new Map<string, Set<string>>();
  const reduced = new Map<string, readonly string[]>();
  for (const [key, list] of needs) {
    const known = list.filter((need) => needs.has(need));
    const indirect = new Set(known.flatMap((need) => [...(before.get(need) ?? [])]));
    reduced.set(
      key,
      known.filter((need) => !indirect.has(need)),
    );
    before.set(key, new Set([...known, ...indirect]));
  }
  return reduced;
};

const layersOf = (needs: ReadonlyMap<string, readonly string[]>): Map<string, number> => {
  const layers = new Map<string, number>();
  for (const [key, list] of needs) layers.set(key, Math.max(-1, ...list.map((need) => layers.get(need) ?? 0)) + 1);
  return layers;
};

/** Orders each row by where its neighbours are, down and up again, so that few lines cross. */
const untangle = (rows: Slot[][]): void => {
  const sort = (row: Slot[], side: 'above' | 'below'): void => {
    const place = new Map(row.map((slot) => [slot, slot[side].length === 0 ? slot.order : mean(slot[side])]));
    row.sort((a, b) => (place.get(a) ?? 0) - (place.get(b) ?? 0));
    for (const [index, slot] of row.entries()) slot.order = index;
  };
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const row of rows) sort(row, 'above');
    for (const row of rows.toReversed()) sort(row, 'below');
  }
  for (const row of rows) sort(row, 'above');
};

const mean = (slots: readonly Slot[]): number => slots.reduce((sum, {order}) => sum + order, 0) / slots.length;

const placed = (
  rows: readonly Slot[][],
  ways: readonly {from: string; to: string; slots: readonly Slot[]}[],
  {width, height, gapX, gapY}: Boxes,
): Layout => {
  const widthOf = (slot: Slot): number => (slot.isNode ? width : LANE);
  const lengths = rows.map((row) => row.reduce((sum, slot) => sum + widthOf(slot) + gapX, -gapX));
  const whole = Math.max(0, ...lengths);
  const centers = new Map<Slot, number>();
  for (const [index, row] of rows.entries()) {
    let x = (whole - (lengths[index] ?? 0)) / 2;
    for (const slot of row) {
      centers.set(slot, x + widthOf(slot) / 2);
      x += widthOf(slot) + gapX;
    }
  }
  const top = (slot: Slot): number => slot.layer * (height + gapY);
  const points = ([first, ...rest]: readonly Slot[]): {x: number; y: number}[] => [
    {x: centers.get(first as Slot) ?? 0, y: top(first as Slot) + height},
    ...rest.flatMap((slot, index) => {
      const x = centers.get(slot) ?? 0;
      return index === rest.length - 1
        ? [{x, y: top(slot)}]
        : [
            {x, y: top(slot)},
            {x, y: top(slot) + height},
          ];
    }),
  ];
  return {
    nodes: rows
      .flat()
      .filter(({isNode}) => isNode)
      .map((slot) => ({key: slot.key, x: (centers.get(slot) ?? 0) - width / 2, y: top(slot)})),
    edges: ways.map(({from, to, slots}) => ({from, to, points: points(slots)})),
    width: whole,
    height: Math.max(0, rows.length * (height + gapY) - gapY),
  };
};
