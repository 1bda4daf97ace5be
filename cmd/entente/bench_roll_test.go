package main

import (
	"os"
	"testing"
)

// TestBenchRolls: two exports are compared and every change between them found. With
// ENTENTE_ROLL_MILLION=1 they have a million voters each, and take no more than ten
// seconds of one processor.
func TestBenchRolls(t *testing.T) {
	d, million := budget(false)/10, os.Getenv("ENTENTE_ROLL_MILLION") != ""
	if million {
		d = budget(true)
	}
	var got []figure
	if err := benchRolls(d, func(f figure) { got = append(got, f) }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Name != "roll_compare" || got[0].Ratio == nil {
		t.Fatalf("%+v", got)
	}
	t.Logf("%.0f rows/s", got[0].Value)
	if million && got[0].Value < 200_000 {
		t.Errorf("%.0f rows a second: a million voters take more than ten seconds", got[0].Value)
	}
}
