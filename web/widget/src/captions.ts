/** Who said it. */
export type Speaker = "visitor" | "agent";

/** One thing that was said, or typed. It is shown while it is spoken; `final` says it is whole. */
export interface Caption {
  id: string;
  speaker: Speaker;
  text: string;
  final: boolean;
}

/** A list that is shown for hours must not grow for hours. */
const MOST = 200;

/**
 * What was said so far, of all three sources: text streams, classic transcription events of servers
 * that send no streams, and the visitor's own typing. Pure: no clock, no room.
 */
export class Captions {
  #list: readonly Caption[] = [];
  #streamed = false;
  #typed = 0;

  /** In the order of their beginnings. */
  get list(): readonly Caption[] {
    return this.#list;
  }

  /** A text stream said so; the same id again replaces its words. */
  stream(caption: Caption): void {
    if (!this.#streamed) {
      this.#streamed = true;
      this.#list = this.#list.filter(({ id }) => !id.startsWith("classic:"));
    }
    this.#put(caption);
  }

  /** A classic event said so; not needed where text streams come. */
  classic(caption: Caption): void {
    if (!this.#streamed) this.#put({ ...caption, id: `classic:${caption.id}` });
  }

  /** The visitor typed it; what the server reports of it later takes its place. */
  typed(text: string): void {
    this.#typed += 1;
    this.#put({ id: `typed:${this.#typed}`, speaker: "visitor", text, final: true });
  }

  #put(caption: Caption): void {
    const text = caption.text.trim();
    const known = this.#list.findIndex(({ id }) => id === caption.id);
    if (known >= 0) {
      // Words that turn out to be none are taken back.
      this.#list = text
        ? this.#list.map((old, at) => (at === known ? { ...caption, text } : old))
        : this.#list.filter((_, at) => at !== known);
      return;
    }
    if (!text) return;
    const echo =
      caption.speaker === "visitor" && !caption.id.startsWith("typed:")
        ? this.#list.findIndex((old) => old.id.startsWith("typed:") && old.text === text)
        : -1;
    if (echo >= 0) {
      this.#list = this.#list.map((old, at) => (at === echo ? { ...caption, text } : old));
      return;
    }
    this.#list = [...this.#list, { ...caption, text }].slice(-MOST);
  }
}
