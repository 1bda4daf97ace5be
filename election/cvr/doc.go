// Package cvr reads cast vote records, what a machine says of each ballot card, and gives any format of them one root.
//
// Read takes Dominion's CSV export and its JSON export with manifests, Hart's
// XML files, ES&S's CSV with its ballots files, and NIST SP 1500-103 as JSON
// and XML, one record after the other: what it keeps does not grow with the
// number of votes. It is strict: what contradicts itself ends it with the file,
// row and column.
//
// A Row holds what counts: an overvoted contest is one without choices. A
// ranking ends before a rank with two choices, closes up over ranks without one, and keeps
// the first place of a choice that stands twice. A Sum orders rows by their ids
// and hashes them into one root, whatever the format and the order of the file.
//
// Records can tell how somebody voted. In a ballot style that few voters had, a
// record alone names its voter; and where the public copy leaves such records
// out, a root without a key lets anybody try what they say until the root comes
// out. So a root may be keyed: each leaf is then an HMAC under a key of its own,
// which shows that row and no other.
package cvr
