// Command module is larder.wasm, the module that the npm package larder ships.
// js/scripts/build.mjs builds it. It is of use to that package's loader only.
package main
