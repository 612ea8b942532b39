// One sentence per finding that a member of the abuse desk can read on the phone, in English and in Japanese. The
// sentences of all rules stand together in explain.cpp and explain_smtp.cpp.
#pragma once

#include "analyzer/detection/finding.hpp"
#include "analyzer/detection/rules/rule.hpp"

namespace guard::detection {

// Fills the two summaries. `match` is what the rule said; its numbers go into the sentence.
void explain(Finding& finding, const Match& match);
// The same for a finding about a source, whose numbers are in it.
void explain_source(Finding& finding);

}  // namespace guard::detection
