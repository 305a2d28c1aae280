/** What the module and this loader agree on; wasm/doc.go is its description. */

/** The number of the ABI. A module with another one is refused. */
export const abiVersion = 5;

/** The operations, by the numbers of wasm/ops.go. */
export const Op = {
  Open: 1,
  Close: 2,
  Drop: 3,
  List: 4,
  Update: 5,
  View: 6,
  Finish: 7,
  Get: 8,
  GetMany: 9,
  Query: 10,
  Count: 11,
  Put: 12,
  Insert: 13,
  Delete: 14,
  Resume: 15,
  Preload: 16,
  Flush: 17,
  Status: 18,
  Verify: 19,
  Salvage: 20,
  Wait: 21,
} as const;

/** What the module exports, beside wasm_exec.js's own needs. */
export interface Exports {
  mem: WebAssembly.Memory;
  resume(): void;
  larder_abi(): number;
  larder_go(): number;
  larder_request(size: number): number;
  larder_answer(): number;
  larder_do(op: number, handle: number, aux: number, size: number): number;
  larder_start(op: number, handle: number, aux: number, size: number): number;
}

/** The kinds of completions. */
export const Kind = { Done: 0, Failed: 1, Attempt: 2, Part: 3 } as const;

/** The extension types of values; internal/msgp has the same table. */
export const Ext = { Timestamp: -1, Undefined: 1, Map: 2, Set: 3 } as const;

/** How deep arrays and maps may lie in each other. */
export const maxDepth = 64;
