/**
 * A picture as plain marks: laid out once, then drawn three ways (in the page, as an SVG file, on a canvas for PNG).
 * Colours are named by meaning; the page gives them by theme, files always get the light ones, as papers are white.
 */

export type Colour = 'truth' | 'falsehood' | 'neutral' | 'ink' | 'muted' | 'line' | 'model-a' | 'model-b' | 'model-c' | 'model-d';
export type Shape = 'circle' | 'square' | 'triangle' | 'diamond';

export type Mark =
  | {
      readonly kind: 'line';
      readonly x1: number;
      readonly y1: number;
      readonly x2: number;
      readonly y2: number;
      readonly colour: Colour;
      readonly width: number;
      readonly dashed?: boolean;
    }
  | {
      readonly kind: 'shape';
      readonly shape: Shape;
      readonly x: number;
      readonly y: number;
      readonly size: number;
      readonly colour: Colour;
      readonly hollow: boolean;
    }
  | {
      readonly kind: 'text';
      readonly x: number;
      readonly y: number;
      readonly text: string;
      readonly anchor: 'start' | 'middle' | 'end';
      readonly size: number;
      readonly colour: Colour;
    };

/** A place that answers to the pointer. */
export interface Spot {
  readonly x: number;
  readonly y: number;
  readonly reading: string;
  /** What the caller knows the point by. */
  readonly id: string;
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly marks: readonly Mark[];
  readonly spots: readonly Spot[];
}

export const printColours: Readonly<Record<Colour, string>> = {
  truth: '#0072b2',
  falsehood: '#d55e00',
  neutral: '#84878c',
  ink: '#1b1c1e',
  muted: '#595c62',
  line: '#dedfdb',
  'model-a': '#00875f',
  'model-b': '#b3538c',
  'model-c': '#b87f00',
  'model-d': '#2b8cc4',
};

export const printFont = 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';

/** Outline of a shape of a given radius; areas are made alike, so that no shape looks heavier. */
export function shapePath(shape: Shape, x: number, y: number, radius: number): string {
  const at = (dx: number, dy: number): string => `${round(x + dx)} ${round(y + dy)}`;
  const r = radius;
  switch (shape) {
    case 'circle':
      return `M${at(-r, 0)}A${round(r)} ${round(r)} 0 1 1 ${at(r, 0)}A${round(r)} ${round(r)} 0 1 1 ${at(-r, 0)}Z`;
    case 'square': {
      const s = r * 0.886;
      return `M${at(-s, -s)}L${at(s, -s)}L${at(s, s)}L${at(-s, s)}Z`;
    }
    case 'triangle': {
      const t = r * 1.347;
      return `M${at(0, -t)}L${at(t * 0.866, t * 0.5)}L${at(-t * 0.866, t * 0.5)}Z`;
    }
    case 'diamond': {
      const d = r * 1.253;
      return `M${at(0, -d)}L${at(d, 0)}L${at(0, d)}L${at(-d, 0)}Z`;
    }
  }
}

const round = (value: number): number => Math.round(value * 100) / 100;

/** The picture as a file of its own, with a title for those who cannot see it. */
export function toSvg(picture: Picture, title: string): string {
  const body = picture.marks.map((mark) => {
    switch (mark.kind) {
      case 'line': {
        const dash = mark.dashed ? ' stroke-dasharray="4 3"' : '';
        return `<line x1="${round(mark.x1)}" y1="${round(mark.y1)}" x2="${round(mark.x2)}" y2="${round(mark.y2)}" stroke="${printColours[mark.colour]}" stroke-width="${mark.width}"${dash}/>`;
      }
      case 'shape': {
        const colour = printColours[mark.colour];
        return `<path d="${shapePath(mark.shape, mark.x, mark.y, mark.size)}" fill="${mark.hollow ? '#ffffff' : colour}" stroke="${colour}" stroke-width="1.5"/>`;
      }
      case 'text':
        return `<text x="${round(mark.x)}" y="${round(mark.y)}" text-anchor="${mark.anchor}" font-size="${mark.size}" fill="${printColours[mark.colour]}">${escape(mark.text)}</text>`;
    }
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${picture.width}" height="${picture.height}" viewBox="0 0 ${picture.width} ${picture.height}" font-family="${escape(printFont)}">`,
    `<title>${escape(title)}</title>`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    ...body,
    '</svg>',
    '',
  ].join('\n');
}

/** Draws onto a canvas without loading an image, which the page's policy would refuse. */
export function draw(picture: Picture, context: CanvasRenderingContext2D, scale: number): void {
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, picture.width, picture.height);
  for (const mark of picture.marks) {
    const colour = printColours[mark.colour];
    context.strokeStyle = colour;
    switch (mark.kind) {
      case 'line':
        context.lineWidth = mark.width;
        context.setLineDash(mark.dashed ? [4, 3] : []);
        context.beginPath();
        context.moveTo(mark.x1, mark.y1);
        context.lineTo(mark.x2, mark.y2);
        context.stroke();
        break;
      case 'shape': {
        const path = new Path2D(shapePath(mark.shape, mark.x, mark.y, mark.size));
        context.setLineDash([]);
        context.lineWidth = 1.5;
        context.fillStyle = mark.hollow ? '#ffffff' : colour;
        context.fill(path);
        context.stroke(path);
        break;
      }
      case 'text':
        context.font = `${mark.size}px ${printFont}`;
        context.textAlign = mark.anchor === 'middle' ? 'center' : mark.anchor;
        context.fillStyle = colour;
        context.fillText(mark.text, mark.x, mark.y);
        break;
    }
  }
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** Rows as RFC 4180 text. A cell that a spreadsheet would run as a formula keeps its text, behind an apostrophe. */
export function toCsv(columns: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  const cell = (value: string | number | null): string => {
    if (value === null) return '';
    if (typeof value === 'number') return String(value);
    const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [columns, ...rows].map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n';
}
