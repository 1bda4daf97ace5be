package main

import "entente/statement"

// nextStep is what helps with a refusal that has no advice of its own: where what the code speaks of is told, or
// where the verb's own things are listed.
func nextStep(verb string, err error) string {
	r, ok := statement.AsRefusal(err)
	if !ok {
		return ""
	}
	switch r.Code {
	case statement.CodeRecipient, statement.CodeParty:
		return "entente charter show --dir DIR lists the parties"
	case statement.CodeMarking:
		return "a marking is TLP:CLEAR, TLP:GREEN, TLP:AMBER, TLP:AMBER+STRICT or TLP:RED; what a file says itself is never loosened"
	case statement.CodeGroup:
		return "entente group list --dir DIR shows the groups"
	case statement.CodeJSON, statement.CodeUTF8, statement.CodeDupKey, statement.CodeDepth:
		return "the file is damaged or cut short: mend that place, or ask whoever made it for another copy"
	case statement.CodeSize:
		return "split it into smaller files"
	case statement.CodeBusy:
		return "nothing was changed; try again"
	}
	switch verb {
	case "propose", "tell", "assess":
		return "entente " + verb + " --template --dir DIR prints a file to fill in"
	case "position", "notice", "exhibit":
		return "entente case --dir DIR lists cases, with a CASE the statements in it"
	case "sign", "draft":
		return "entente draft list --dir DIR shows what waits and what it needs, entente officer list --dir DIR who may sign"
	case "officer":
		return "entente officer -h names the roles; entente draft list --dir DIR shows what waits"
	case "case", "compare":
		return "entente case --dir DIR lists the cases"
	case "share":
		return "it reads plain lists, CSV, STIX 2.1, MISP and Sigma; entente share --dry-run FILE says of each row why it is not read"
	case "misp":
		return "it reads files of MISP events, and folders or zips with a manifest.json and its events"
	case "accept":
		return "entente alerts --dir DIR --held lists what waits, with its ids"
	case "release":
		return "entente alerts --dir DIR lists alerts, with their ids"
	case "statements", "open", "erase", "export":
		return "entente statements --dir DIR lists them, with their numbers"
	case "retract":
		return "entente statements --dir DIR lists what was said, entente objects --dir DIR the objects"
	case "incidents":
		return "entente incidents --dir DIR lists them, with their ids"
	case "group":
		return "a name such as north-cert; entente group list --dir DIR shows the groups"
	case "init":
		return "--address HOST:PORT is where partners reach the node, such as 192.0.2.1:7443"
	}
	return ""
}
