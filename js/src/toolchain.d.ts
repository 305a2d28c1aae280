/** The Go version that wasm_exec.js is of. The build writes this file beside it. */
export declare const goVersion: string;
