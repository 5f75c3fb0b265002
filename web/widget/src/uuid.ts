type Uuid = ReturnType<Crypto["randomUUID"]>;

/**
 * Browsers keep `crypto.randomUUID` from pages without https, and LiveKit's client, which needs it to
 * send text, has no other way. Gives such pages one (RFC 9562, version 4).
 */
export function provideRandomUuid(from: Crypto): void {
  if (typeof from.randomUUID === "function") return;
  Object.defineProperty(from, "randomUUID", {
    configurable: true,
    value: (): Uuid => {
      const bytes = from.getRandomValues(new Uint8Array(16));
      bytes[6] = (bytes[6]! & 0x0f) | 0x40;
      bytes[8] = (bytes[8]! & 0x3f) | 0x80;
      const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
      return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-") as Uuid;
    },
  });
}
