// The two globals that every runtime has and the ES library types lack.

interface Platform {
  readonly TextEncoder: new () => { encode(text: string): Uint8Array<ArrayBuffer> };
  readonly TextDecoder: new (label: string, options: { fatal: boolean }) => { decode(bytes: Uint8Array): string };
}

export const { TextEncoder, TextDecoder } = globalThis as unknown as Platform;
