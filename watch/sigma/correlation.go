package sigma

import "entente/watch/sigma/yamldoc"

type correlation struct{ number int }

func readCorrelation(root *yamldoc.Node, rule Rule) (*correlation, *Refusal) {
	return nil, refuse(root, "correlation", "not yet")
}

func (l *loader) linkAll() {}
