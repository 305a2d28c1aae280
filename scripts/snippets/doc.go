// Package snippets holds no code: its test checks that the code which the
// documents show stands, line for line, in files that the tests run.
package snippets
