/** Bytes as text and back. */
export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function fromHex(text: string): Uint8Array {
  const pairs = text.match(/../g) ?? []
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16))
}

/** SHA-256 of the bytes. Needs a secure context, like everything of WebCrypto. */
export async function sha256(bytes: Uint8Array | ArrayBuffer): Promise<Uint8Array> {
  const data = bytes instanceof Uint8Array ? new Uint8Array(bytes) : bytes
  return new Uint8Array(await crypto.subtle.digest('SHA-256', data))
}
