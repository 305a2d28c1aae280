// The toolchain's own file, which the build copies here untouched. It sets globalThis.Go.
export {};
