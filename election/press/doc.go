// Package press writes the one-page statement for the press: what was checked, by whom, with what outcome, and what was not.
//
// The page is made of fixed sentences in English and Russian, names, numbers
// and times, so that both sides make the same bytes of the same facts and sign
// their digest. Whatever nobody checked is listed as not checked: the page has
// no way to leave it out. It never says who did something or why.
package press
