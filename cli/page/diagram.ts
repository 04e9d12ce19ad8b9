import {cut} from '../width.ts';
import {type Html, html} from './html.ts';
import {layOut} from './layout.ts';

/** What the diagram shows of a step, or of all items of one. */
export interface DiagramNode {
  readonly key: string;
  readonly number: string;
  readonly title: string;
  readonly needs: readonly string[];
  /** Class of its colour: `good`, `bad`, ... */
  readonly tone: string;
  /** In words, for those who don't see the colour. */
  readonly state: string;
  /** Id of the element that tells more. */
  readonly target: string;
}

const BOX = {width: 196, height: 40, gapX: 18, gapY: 34};
const PAD = 8;
const LONGEST = 22;

/** The steps and what each needs, as a picture with links. */
export const diagram = (nodes: readonly DiagramNode[]): Html => {
  const byKey = new Map(nodes.map((node) => [node.key, node]));
  const layout = layOut(new Map(nodes.map(({key, needs}) => [key, needs])), BOX);
  const width = layout.width + 2 * PAD;
  const height = layout.height + 2 * PAD;
  return html`<svg class="diagram" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="group" aria-label="The steps, and what each needs">
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>
${layout.edges.map(({points}) => html`<path class="edge" d="${curve(points)}" marker-end="url(#tip)"/>`)}
${layout.nodes.map(({key, x, y}) => box(byKey.get(key) as DiagramNode, x + PAD, y + PAD))}
</svg>`;
};

const curve = (points: readonly {readonly x: number; readonly y: number}[]): string => {
  const [first, ...rest] = points.map(({x, y}) => ({x: round(x + PAD), y: round(y + PAD)}));
  if (first === undefined) return '';
  let {x, y} = first;
  const parts = rest.map((to) => {
    const middle = round((y + to.y) / 2);
    const part = to.x === x ? `L${to.x} ${to.y}` : `C${x} ${middle} ${to.x} ${middle} ${to.x} ${to.y}`;
    ({x, y} = to);
    return part;
  });
  return `M${first.x} ${first.y}${parts.join('')}`;
};

const round = (value: number): number => Math.round(value * 10) / 10;

const box = ({number, title, tone, state, target}: DiagramNode, x: number, y: number): Html =>
  html`<a href="#${target}" class="node ${tone}"><title>${title}: ${state}</title>
<rect x="${round(x)}" y="${round(y)}" width="${BOX.width}" height="${BOX.height}" rx="8"/>
<text x="${round(x + 10)}" y="${round(y + 25)}"><tspan class="number">${number}</tspan> <tspan dx="3">${cut(title, LONGEST)}</tspan></text></a>
`;
