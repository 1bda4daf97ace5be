package node

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"entente/border"
	"entente/internal/sqlite"
)

// unlensed are the functions that read the view without a lens, by why they may.
var unlensed = []struct {
	why   string
	names []string
}{
	{
		"what comes of it is a statement, which the author shows the border first, or no more than where something is",
		[]string{
			"Node.finishErasures", "Node.goneOf", "Node.onHold", "Node.recallIn", "Node.recallProofs", "Node.sealLog", "Node.shelve", "Node.shelveAll",
			"Node.spread", "Node.unhunted", "Node.unreceipted", "Node.weighing",
			"canaries.all", "canaries.copies", "caseOf", "clerk.lastHeads", "clerk.receiptBody", "clerk.unreceipted", "clerk.verdict",
			"fold.newest", "fold.standing", "fold.statement", "ingress.chain", "lists.holds", "lists.load", "lists.supports", "lists.takenBack",
			"mispStore.addLists", "newReceiptJudge", "receiptJudge.gaps", "takenBack.of", "teller.draft", "teller.release",
		},
	},
	{
		"it is the border that asks, of what it is to judge",
		[]string{"book.placed", "egress.addressed", "egress.audience", "egress.group", "egress.spoken", "screens.toldOf"},
	},
	{
		"only who may see everything asks: the control socket, and whoever proves that nothing is beyond it",
		[]string{
			"Node.Captures", "Node.saidOfLists", "Node.matchStocks", "Node.ownStocks", "Node.stocksOf", "Node.Retract", "Node.Retractions", "Node.draftOf", "Node.issued", "Node.listSources", "Node.named", "Node.ownPart",
			"Node.rejected", "Node.seenItems", "Node.tookBack", "control.Accept", "control.Groups", "control.SetGroup", "control.Statements",
			"exposing.answered", "exposing.distinct", "exposing.opens", "overseer.of", "overseer.receipts",
		},
	},
	{
		"of one statement that the asker was shown: when it was said, its keys and its cosignatures, what opened it, and whether it is still kept back",
		[]string{"Node.entrusted", "Node.recordedNotes", "Node.saidAt", "Node.shownKeys", "Node.whoSaid", "caseScreens.opened"},
	},
	{
		"acts of the accord go to every party, and are hidden as instruments, by accordScreens",
		[]string{"ReadWorld", "builder.takeLeaf"},
	},
	{
		"runs of match are hidden whole, by matchScreens, from whoever may not see TLP:AMBER, and what both hold from whoever may not see everything",
		[]string{"Node.matchSaid", "Node.powerless"},
	},
	{
		"results pages and the guards of an election are hidden whole, by electionScreens and guardScreens, from whoever may not see what is said of them",
		[]string{"Node.giveWord", "Node.saidOpen", "Node.unwatchName"},
	},
	{
		"lists of what parties guard go to every party, and here to the own side at the machine",
		[]string{"Node.toldBy"},
	},
	{lensed, []string{"Node.Claims", "Node.mayDefend", "caseScreens.objectsShared", "mispStore.eachList", "mispStore.listEvent", "mispStore.ofList", "search.statements"}},
}

const lensed = "it holds what it finds against the lens of whoever asks"

// says are the methods of the view that give out what statements say, and take
// no lens.
func says() (names []string) {
	lens, about := reflect.TypeFor[border.Lens](), []string{"Statement", "List", "Item", "Decision", "SeenValue", "AccordPart", "Said", "Unshelved", "Reading", "Retracted", "Leaf", "Share"}
	for m := range reflect.TypeFor[*sqlite.View]().Methods() {
		shown, gives := false, m.Name == "Sighted" || m.Name == "Standing"
		for in := range m.Type.Ins() {
			shown = shown || holds(in, lens, 2)
			if in.Kind() == reflect.Func { // what is visited
				for t := range in.Ins() {
					gives = gives || slices.Contains(about, t.Name())
				}
			}
		}
		for out := range m.Type.Outs() {
			if out.Kind() == reflect.Map {
				out = out.Key()
			}
			for out.Kind() == reflect.Slice || out.Kind() == reflect.Pointer {
				out = out.Elem()
			}
			gives = gives || slices.Contains(about, out.Name())
		}
		if gives && !shown {
			names = append(names, m.Name)
		}
	}
	return names
}

// TestReadsWithoutLens: whatever reads the view without the lens of whoever asks
// is named here, with why it may. What answers a tool or a screen is not, unless
// it looks through the lens itself.
func TestReadsWithoutLens(t *testing.T) {
	t.Parallel()
	methods := says()
	if len(methods) < 20 {
		t.Fatalf("only %v give out what statements say", methods)
	}
	found := map[string]*ast.FuncDecl{}
	for _, path := range must(filepath.Glob("*.go"))(t) {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file := must(parser.ParseFile(token.NewFileSet(), path, must(os.ReadFile(path))(t), 0))(t)
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && readsView(f, methods) {
				found[nameOf(f)] = f
			}
		}
	}
	for _, group := range unlensed {
		for _, name := range group.names {
			f := found[name]
			if delete(found, name); f == nil {
				t.Errorf("%s reads nothing without a lens, and stands here", name)
				continue
			}
			if group.why == lensed && !looks(f) {
				t.Errorf("%s has no lens", name)
			}
		}
	}
	for name := range found {
		t.Errorf("%s reads the view without a lens: why may it?", name)
	}
}

// nameOf is how a function is called: its receiver's type and its name.
func nameOf(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	of := f.Recv.List[0].Type
	if p, ok := of.(*ast.StarExpr); ok {
		of = p.X
	}
	if id, ok := of.(*ast.Ident); ok {
		return id.Name + "." + f.Name.Name
	}
	return f.Name.Name
}

// readsView says whether a function calls one of these methods of a view.
func readsView(f *ast.FuncDecl, methods []string) (yes bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && slices.Contains(methods, sel.Sel.Name) {
			switch x := sel.X.(type) {
			case *ast.Ident:
				yes = yes || x.Name == "view"
			case *ast.SelectorExpr:
				yes = yes || x.Sel.Name == "view"
			}
		}
		return true
	})
	return yes
}

// looks says whether a function holds anything against a lens, or leaves that to
// a function that must be told of one.
func looks(f *ast.FuncDecl) (yes bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			yes = yes || id.Name == "lens" || id.Name == "Lens" || id.Name == "Shows"
		}
		return true
	})
	return yes
}
