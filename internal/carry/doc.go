// Package carry writes and reads the file that stands for the link where there is none: the same bytes on a stick.
//
// A stick is a text header, records, and a last line with the SHA-256 of
// everything before it:
//
//	entente-carry/1
//	from north
//	made 1767225600000
//
//	get /H/checkpoint 183
//	<183 bytes>
//	leaf H 17 2210
//	<2210 bytes>
//	ask north south 912
//	<912 bytes>
//	answer south north 200 <hex SHA-256 of the ask> text/plain 230
//	<230 bytes>
//	end <hex SHA-256>
//
// A "get" holds the body that the link answers to that path, a "leaf" the
// frame of one leaf's sealed parts as GET /H/parts/<index> answers it, "ask"
// and "answer" an add-checkpoint request and its response. Every body is
// followed by a newline.
//
// Reader answers paths as the link does, so that peer.NewSource(reader) mirrors
// from a stick exactly as from a partner. The last line finds a torn copy. It
// authenticates nothing, and neither do the party names: what is on a stick is
// believed as little as what comes over a link from a relay, and passes the
// same checks.
package carry
