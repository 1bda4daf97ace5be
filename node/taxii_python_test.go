package node

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

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
	c := u.serveTools(reader("stix2", border.Amber, "", account.TaxiiWrite))["stix2"]
	out, err := exec.Command(python, filepath.Join("testdata", "taxii_client.py"), u.node(north).Addresses().Tools+"/taxii2/", c.name, c.token).CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "done\n") {
		t.Errorf("%v\n%s", err, out)
	}
}
