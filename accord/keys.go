package accord

// CompareKeys are the keys of the catalogue that comparisons, accusations,
// questions and cases can name, so that a test finds what is missing or no
// longer used.
func CompareKeys() []string {
	keys := []string{"accord.quote"}
	for family, words := range compareWords() {
		for _, w := range words {
			keys = append(keys, "accord."+family+"."+w)
		}
	}
	return keys
}

func compareWords() map[string][]string {
	return map[string][]string{
		"outcome": spell(Outcomes()), "count": spell(Outcomes()), "stance": spell(allStances),
		"why":  {WhySame, WhyOpposite, WhyWhen, WhyWhere, WhyQuantity, WhyUnit, WhyNoNumber, WhyWho, WhyKind, WhyTag, WhyWording, WhyVague, WhyStance, WhyLabel},
		"case": CaseStates(), "casekind": spell(CaseKinds()),
		"matter":         {MatterMeaning, MatterAnswer, MatterConsent, MatterReveal, MatterAction, MatterAgain, MatterParked},
		"seal":           spell([]SealState{SealOpen, SealClosed, SealMayReveal, SealRevealed, SealDisclosed, SealNotOpened, SealTampered, SealWithheld}),
		"found":          {FindingJoint, FindingSplit, FindingObserver, FindingNone},
		"flag":           {FlagLateEvidence, FlagNoEvidence, FlagNotNotified},
		"evidence":       {"shown", "observer-only", "withheld", "sealed", "mismatch", "missing"},
		"left":           {LeftLate, LeftQuota, LeftUnknown},
		"hypothesis":     builtIn,
		"likelihood":     Likelihoods(),
		"confidence":     confidences,
		"about":          {"attempt", "success", "effect", "actor"},
		"cell":           {"II", "I", "N", "C", "CC", "NA"},
		"responsibility": responsibilities,
		"judgement":      {"likelihood", "none", "confidence", "joint", "unseen"},
		"text":           {"since", "next", "until", "overdue", "against", "evidence", "seen", "dissent", "unseen", "ranking", "unplaced", "ask", "ask_open", "ask_answered"},
		"compare":        {"title", "case", "event", "rule", "thing", "nothing", "aspects", "sizes", "last", "instruments", "none", "words", "asked", "about", "dissent", "divided", "mind", "absent", "vague", "after", "wrong"},
	}
}

func spell[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}
