package entente

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"entente/election/intake"
	"entente/election/lookalike"
	"entente/election/roll"
)

// TestKindsAreWhole: a list that others walk, for labels in each language say, has every
// constant of the block that it is of.
func TestKindsAreWhole(t *testing.T) {
	for _, c := range []struct {
		file, first string
		listed      []string
	}{
		{"election/lookalike/index.go", "Same", plain(lookalike.Kinds())},
		{"election/roll/alarm.go", "Burst", roll.Kinds()},
		{"election/intake/look.go", "Results", plain(intake.Kinds())},
	} {
		declared := constants(t, c.file, c.first)
		listed := slices.Sorted(slices.Values(c.listed))
		slices.Sort(declared)
		if len(declared) == 0 || !slices.Equal(declared, listed) {
			t.Errorf("%s declares %q and lists %q", c.file, declared, listed)
		}
	}
}

func plain[S ~string](list []S) (out []string) {
	for _, s := range list {
		out = append(out, string(s))
	}
	return out
}

// constants are the strings of the block of constants that has one of this name.
func constants(t *testing.T, file, name string) (out []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range f.Decls {
		block, ok := d.(*ast.GenDecl)
		if !ok || block.Tok != token.CONST {
			continue
		}
		var values []string
		here := false
		for _, s := range block.Specs {
			one := s.(*ast.ValueSpec)
			here = here || one.Names[0].Name == name
			for _, v := range one.Values {
				if lit, ok := v.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					text, err := strconv.Unquote(lit.Value)
					if err != nil {
						t.Fatal(err)
					}
					values = append(values, text)
				}
			}
		}
		if here {
			return values
		}
	}
	t.Fatalf("%s declares no %s", file, name)
	return nil
}
