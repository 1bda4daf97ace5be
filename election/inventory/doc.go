// Package inventory reads the list of what a party protects around an election, and whom to call when something happens to it.
//
// The list is a JSON file that people write: offices, domains, mail senders,
// results pages, registration sites, files of tabulators and manifests,
// vendors and people. An error names line and column and says what would be
// right. What is marked as shared may be told to a partner in the same format,
// so that both watch the same pages by the same columns.
package inventory
