// Package intake says of files that an office brings what they are, what was read of them and what was wrong.
//
// Nobody has to say what a file is: published results in any format that
// package results reads, a ballot manifest, cast vote records, a list of what
// is guarded, or a list of domains, offices or candidates, each alone or in a
// zip file. What cannot be read is told with file, row and column. Every file
// is hostile: there are limits of size, of count and of what an archive unpacks
// to, and texts of it are told as they stand, for whoever shows them to make
// visible. Nothing is kept, and of cast vote records nothing but counts is told.
package intake
