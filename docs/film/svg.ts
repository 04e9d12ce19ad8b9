/** Pictures of a terminal as SVG: one that moves, without any script, and one that stands still. */
import type {Frame, Size, Span} from './frames.ts';

export interface Labels {
  /** Stands in the bar of the window. */
  readonly title: string;
  /** What a person hears who does not see it. */
  readonly description: string;
}

/** Between two pictures, so that nothing of one can be seen beside the other. */
const GAP_PX = 40;
const CELL = {width: 8.4, height: 19};
const FONT_PX = 14;
const BAR_PX = 34;
const SIDE_PX = 16;
const BOTTOM_PX = 14;

const PALETTE: Readonly<Record<string, string>> = {
  text: '#d8dee9',
  screen: '#12161f',
  black: '#3b4252',
  red: '#ff7b85',
  green: '#8fd694',
  yellow: '#f2cc7f',
  blue: '#82aaff',
  magenta: '#d4a1f0',
  cyan: '#7fd8e0',
  white: '#e5e9f0',
  gray: '#8791a5',
  'bright-red': '#ff9aa2',
  'bright-green': '#a9e5ad',
  'bright-yellow': '#f8dda0',
  'bright-blue': '#a3c1ff',
  'bright-magenta': '#e2bdf7',
  'bright-cyan': '#a3e6ec',
  'bright-white': '#ffffff',
};

/** The whole session. Who has asked the system for less motion, or can't see any, has the picture that was held. */
export const movingPicture = (frames: readonly Frame[], size: Size, labels: Labels): string => {
  const lines = new Lines();
  const {width, height} = screenOf(size);
  const placeOf = (index: number): number => round(index * (width + GAP_PX));
  const pictures = frames.map(({lines: rows}, index) => {
    const uses = rows.flatMap((row, at) => lines.use(row, at * CELL.height)).join('');
    return `<g transform="translate(${placeOf(index)})">${uses}</g>`;
  });
  const still = frames.findIndex(({isHeld}) => isHeld);
  const style = [
    `.film{transform:translateX(-${placeOf(Math.max(still, 0))}px)}`,
    `@media (prefers-reduced-motion:no-preference){.film{animation:film ${totalOf(frames) / 1000}s step-end infinite}}`,
    `@keyframes film{${stopsOf(frames, placeOf)}}`,
  ].join('\n');
  const film = `<svg x="${SIDE_PX}" y="${BAR_PX}" width="${width}" height="${height}"><g class="film">${pictures.join('\n')}</g></svg>`;
  return windowAround(film, size, labels, lines.definitions(), style);
};

const totalOf = (frames: readonly Frame[]): number => frames.reduce((sum, {ms}) => sum + ms, 0);

/** When each picture takes the place of the one before it. */
const stopsOf = (frames: readonly Frame[], placeOf: (index: number) => number): string => {
  const total = totalOf(frames);
  let at = 0;
  const stops = frames.map(({ms}, index) => {
    const stop = `${percent(at / total)}{transform:translateX(-${placeOf(index)}px)}`;
    at += ms;
    return stop;
  });
  return [...stops, `to{transform:translateX(-${placeOf(frames.length - 1)}px)}`].join('');
};

/** One picture of it. */
export const stillPicture = ({lines: rows}: Frame, size: Size, labels: Labels): string => {
  const drawn = rows.map((row, at) => `<g transform="translate(0 ${round(at * CELL.height)})">${draw(row)}</g>`);
  const picture = `<g transform="translate(${SIDE_PX} ${BAR_PX})">${drawn.join('\n')}</g>`;
  return windowAround(picture, size, labels, '', '');
};

/** Each line that is ever shown, drawn once. */
class Lines {
  readonly #known = new Map<string, string>();

  use(spans: readonly Span[], y: number): string[] {
    if (spans.length === 0) return [];
    const drawn = draw(spans);
    const id = this.#known.get(drawn) ?? this.#known.size.toString(36);
    this.#known.set(drawn, id);
    return [`<use href="#l${id}"${y === 0 ? '' : ` y="${round(y)}"`}/>`];
  }

  definitions(): string {
    return `<defs>${[...this.#known].map(([drawn, id]) => `<g id="l${id}">${drawn}</g>`).join('\n')}</defs>`;
  }
}

const screenOf = ({columns, rows}: Size): {width: number; height: number} => ({
  width: round(columns * CELL.width),
  height: round(rows * CELL.height),
});

const windowAround = (content: string, size: Size, labels: Labels, definitions: string, motion: string): string => {
  const screen = screenOf(size);
  const width = round(screen.width + 2 * SIDE_PX);
  const height = round(screen.height + BAR_PX + BOTTOM_PX);
  const dots = ['#ff5f57', '#febc2e', '#28c840'].map(
    (fill, n) => `<circle cx="${20 + 20 * n}" cy="17" r="6" fill="${fill}"/>`,
  );
  const names = Object.entries(PALETTE).map(([name, color]) => `.${name}{fill:${color}}`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title about">`,
    `<title id="title">${escaped(labels.title)}</title>`,
    `<desc id="about">${escaped(labels.description)}</desc>`,
    '<style>',
    `text{font:${FONT_PX}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;fill:${PALETTE.text};white-space:pre}`,
    `${names.join('')}.bold{font-weight:700}.dim{opacity:.65}.underline{text-decoration:underline}`,
    motion,
    '</style>',
    `<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="10" fill="${PALETTE.screen}" stroke="#39424f"/>`,
    ...dots,
    `<text x="${round(width / 2)}" y="22" text-anchor="middle" class="gray">${escaped(labels.title)}</text>`,
    definitions,
    content,
    '</svg>',
    '',
  ]
    .filter((line, index, all) => line !== '' || index === all.length - 1)
    .join('\n');
};

const draw = (spans: readonly Span[]): string => spans.map(drawSpan).join('');

const drawSpan = ({column, text, color, background, bold, dim, underline}: Span): string => {
  const x = round(column * CELL.width);
  const width = round([...text].length * CELL.width);
  const classes = [...(color ? [color] : []), ...(bold ? ['bold'] : []), ...(dim ? ['dim'] : [])];
  if (underline) classes.push('underline');
  const block =
    background === undefined ? '' : `<rect x="${x}" width="${width}" height="${CELL.height}" class="${background}"/>`;
  if (text.trim() === '') return block;
  const name = classes.length > 0 ? ` class="${classes.join(' ')}"` : '';
  // whatever font the reader has, a character is as wide as a cell
  return `${block}<text x="${x}" y="14" textLength="${width}"${name}>${escaped(text)}</text>`;
};

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const round = (value: number): number => Math.round(value * 100) / 100;

const percent = (part: number): string => `${Math.round(part * 100_000) / 1000}%`;
