//go:build race

package node

// raceDetector says that everything runs some ten times slower.
const raceDetector = true
