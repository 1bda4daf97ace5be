package audit

import (
	"fmt"
	"slices"
	"strings"
)

// next is the place of what a party would say next.
const next = 1 << 62

// Take completes the step that a party would take now, and refuses one that is
// not due, or that others could hold against it. binding is what its dice were
// committed to; now is Unix seconds.
func Take(name string, log Log, with Seats, party string, step Step, binding string, now int64) (Step, error) {
	have := Join(name, log, with)
	if step.Step == StepCommit || step.Step == StepClose {
		seats := have.seats()
		if step.Step == StepCommit && len(step.Parties) > 0 {
			seats = step.seats()
		}
		step.Parties, step.Observers = append([]string{}, seats.Parties...), append([]string{}, seats.Observers...)
	} else {
		step.Parties, step.Observers = []string{}, []string{}
	}
	if err := have.due(party, step.Step); err != nil {
		return step, err
	}
	if step.Step == StepCommit && !have.seats().equal(step.seats()) {
		return step, fmt.Errorf("%s takes part with %s", name, strings.Join(have.seats().All(), ", "))
	}
	if step.Step == StepCommit && have.Binding != binding {
		return step, fmt.Errorf("something was sealed for %s meanwhile: the dice are committed to over other seals", name)
	}
	had, known := log.asOf(party, next)
	if !known {
		return step, fmt.Errorf("the log of %s has recorded more of others' logs than has been read of them here yet", party)
	}
	own := fold(name, had, have.seats())
	if err := own.ready(step, now); err != nil {
		return step, err
	}
	if step.Step == StepClose {
		step.Digest = own.lies()
	}
	said := Said{Party: party, Index: next, Time: now, Step: step}
	log.Said = append(slices.Clone(log.Said), said)
	then := Join(name, log, with)
	for _, f := range then.Faults {
		if len(then.Faults) > len(have.Faults) && (f.Party == party && slices.Contains(f.Indices, next) || f.Void && !have.Void) {
			return step, fmt.Errorf("too early or wrong: %s", f.Says)
		}
	}
	return step, nil
}

// due says whether a party may take a step, and if not what it waits for.
func (j Joint) due(party, step string) error {
	taken := slices.ContainsFunc(j.Steps, func(t Taken) bool { return t.Party == party && t.Step == step })
	sits := slices.Contains(j.Parties, party) || slices.Contains(j.Observers, party) && (step == StepClose || step == StepPublic)
	switch {
	case taken:
		return fmt.Errorf("%s said %s already", party, step)
	case j.Void:
		at := slices.IndexFunc(j.Faults, func(f Fault) bool { return f.Void })
		return fmt.Errorf("the ceremony of %s is void: %s", j.Audit, j.Faults[at].Says)
	case !sits:
		return fmt.Errorf("%s has no %s to say in %s", party, step, j.Audit)
	case j.Seed != "":
		return fmt.Errorf("%s has its seed", j.Audit)
	case len(j.Waiting) == 0:
	case !slices.Contains([]string{StepCommit, StepOpen, StepClose, StepPublic}, j.Waiting[0].Step), step == StepPublic && len(j.Counted) == 0, step != StepPublic && step != StepClose && len(j.Counted) > 0:
		return fmt.Errorf("%s waits for %s: %s", j.Audit, j.Waiting[0].Party, j.Waiting[0].Step)
	}
	return nil
}

// ready says whether a step may follow what the own log has.
func (j *joining) ready(step Step, now int64) error {
	var missing, of string
	switch step.Step {
	case StepCommit:
		for _, p := range j.Parties {
			if _, opened := j.steps[p][StepOpen]; opened {
				return fmt.Errorf("%s has opened its dice: the time to commit is over", p)
			}
		}
	case StepOpen:
		missing, of = j.firstWithout(StepCommit, j.Parties), StepCommit
		if missing != "" && j.CommitBy != 0 && now > j.CommitBy {
			missing = ""
		}
	case StepClose:
		missing, of = j.firstWithout(StepCommit, j.Parties), StepCommit
		if missing != "" && len(j.opened) > 0 { // others went on without it
			missing = ""
		}
		if missing == "" {
			missing, of = j.unopened(), StepOpen
		}
		if missing != "" && j.OpenBy != 0 && now > j.OpenBy && len(j.opened) > 0 {
			missing = ""
		}
	}
	if missing != "" {
		return fmt.Errorf("%s waits for %s: %s, or for its deadline; its log must have recorded it", j.Audit, missing, of)
	}
	return nil
}

// firstWithout is the first of some parties that has not taken a step; "" if all have.
func (j *joining) firstWithout(step string, parties []string) string {
	for _, p := range parties {
		if _, ok := j.steps[p][step]; !ok {
			return p
		}
	}
	return ""
}
