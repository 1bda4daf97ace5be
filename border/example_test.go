package border

import (
	"fmt"
	"time"

	"entente/observable"
)

func ExampleGate_Judge() {
	gate := NewGate(BuiltIn(), nil)
	v, err := observable.Detect("8.8.8.0/24")
	if err != nil {
		fmt.Println(err)
		return
	}
	verdict := gate.Judge(Candidate{Value: v}, time.Date(2026, 5, 10, 0, 0, 0, 0, time.UTC))
	for _, r := range verdict.Reasons {
		fmt.Println(r.Code, r.Detail)
	}
	// Output:
	// HELD_WARNING_LIST public resolvers: 8.8.8.8
	// HELD_UNDATED no observation time
	// HELD_EVIDENCE told
}

func ExampleRelease() {
	parties := []string{"observer", "south"}
	receipt, err := Release("TLP:WHITE", nil, parties)
	fmt.Println(receipt, err)
	_, err = Release("TLP:RED", nil, parties)
	fmt.Println(err)
	// Output:
	// {share tlp-open TLP:CLEAR  [observer south] <nil>} <nil>
	// E_RECIPIENT: TLP:RED goes to named recipients only
}
