// Errors on the page.

const problem = document.getElementById("problem");

/** Runs f and shows its error on the page. */
export async function guard(f) {
  try {
    await f();
    problem.hidden = true;
  } catch (error) {
    report(error);
  }
}

export function report(error) {
  const code = error.code ? ` (${error.code})` : "";
  problem.textContent = `${error.message}${code}`;
  problem.hidden = false;
  console.error(error);
}
