/** Red, green and blue from 0 to 255. */
export type Rgb = readonly [number, number, number];

export const INDIGO = "#4f46e5";

/** Black or white, whichever can be read better on a colour (WCAG 2 contrast). */
export function inkOn(color: Rgb): "#000" | "#fff" {
  const light = luminance(color);
  return 1.05 / (light + 0.05) >= (light + 0.05) / 0.05 ? "#fff" : "#000";
}

/** How light a colour is, from 0 to 1 (WCAG 2 relative luminance). */
export function luminance(color: Rgb): number {
  const [red, green, blue] = color.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Any CSS colour as numbers; `undefined` for what is none, or where the browser cannot say. */
export function rgbOf(color: string): Rgb | undefined {
  const hex = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(color.trim())?.[1];
  if (hex) {
    const parts = hex.length === 3 ? [...hex].map((one) => one + one) : hex.match(/../g);
    return parts?.map((part) => Number.parseInt(part, 16)) as unknown as Rgb;
  }
  if (typeof CSS === "undefined" || !CSS.supports("color", color)) return undefined;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const pen = canvas.getContext("2d");
  if (!pen) return undefined;
  pen.fillStyle = color;
  pen.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = pen.getImageData(0, 0, 1, 1).data;
  return [red, green, blue];
}
