// Package importtest holds no code: its tests hold the rules of
// docs/ARCHITECTURE.md that can be told from the sources, so that a change
// that breaks one fails where it is made. Each failure says which rule was
// broken; a rule that must change is changed here, in the same commit.
package importtest
