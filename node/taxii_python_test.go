package node

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entente/border"
	"entente/internal/account"
)

// TestTaxiiClients: taxii2-client and stix2 walk, filter, page, add and delete
// against a node. ENTENTE_PYTHON names a Python that has both.
func TestTaxiiClients(t *testing.T) {
	python := os.Getenv("ENTENTE_PYTHON")
	if python == "" {
		t.Skip("ENTENTE_PYTHON names no Python with taxii2-client and stix2; ./check -interop makes one")
	}
	u := newUnit(t, nil, north, south)
	u.opt[north].Listen = nil // the real one, for the tools; nobody calls the node
	u.cfg[north].Listen = "127.0.0.1:0"
	u.cfg[north].Tools = Tools{Listen: "127.0.0.1:0"}
	u.cfg[north].HighWater = filepath.Join(u.dir, "mark")
	token := must(account.Add(u.cfg[north].Dir, account.Account{
		Name: "stix2", Scopes: []account.Scope{account.TaxiiRead, account.TaxiiWrite}, Clearance: border.Amber, Added: time.Now(),
	}, ""))(t)
	u.start(south, north)
	u.open(north)
	out, err := exec.Command(python, filepath.Join("testdata", "taxii_client.py"), u.node(north).Addresses().Tools+"/taxii2/", "stix2", token).CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "done\n") {
		t.Errorf("%v\n%s", err, out)
	}
}
