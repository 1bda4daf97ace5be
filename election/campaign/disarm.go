package campaign

// What posts carry that are compared.
const (
	Texts     = "words"
	Addresses = "addresses"
	Tags      = "tags"
)

// A Technique of the DISARM framework: its id there, and in our words what
// would be counted where it is used.
type Technique struct{ ID, Words string }

// Techniques are those that accounts which behave alike may be a trace of, by
// what their posts carry. Which of them it is, if any, counting does not say: it
// takes intent, which somebody has to show.
func Techniques(carries string) []Technique {
	swarm := Technique{"T0049.005", "many accounts fall upon one matter at once"}
	switch carries {
	case Texts:
		return []Technique{{"T0084.001", "one text is posted again and again, with small changes"}, swarm}
	case Addresses:
		return []Technique{{"T0049.003", "programs pass on the same thing"}, swarm}
	case Tags:
		return []Technique{{"T0049.002", "a hashtag of others is flooded"}, swarm}
	}
	return nil
}

func ids(list []Technique) (out []string) {
	for _, t := range list {
		out = append(out, t.ID)
	}
	return out
}
