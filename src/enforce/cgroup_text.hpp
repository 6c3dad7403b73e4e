// The texts of a cgroup's counters (cgroups(7); Documentation/admin-guide/cgroup-v2.rst, "Interface
// Files"). Pure. What does not look as it should counts as nothing: these are counters, and one
// that a later kernel writes otherwise is no reason to show none.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "nucleus/stats.hpp"

namespace nucleus::enforce {

// One number; "max" is 2^64-1.
std::uint64_t number_in(std::string_view text);
std::int64_t signed_in(std::string_view text);
// Numbers with blanks between.
std::vector<std::uint64_t> numbers_in(std::string_view text);
// "0-3,7".
std::vector<std::uint16_t> list_in(std::string_view text);
// Lines `KEY NUMBER`.
std::map<std::string, std::uint64_t> flat_keyed_in(std::string_view text);
// cgroup v1: lines `MAJOR:MINOR [OPERATION] NUMBER`; others, such as the sum of all, are left out.
BlockIoStats::Entries block_entries_in(std::string_view text);
// cgroup v2: lines `MAJOR:MINOR rbytes=N wbytes=N rios=N wios=N dbytes=N dios=N`.
void io_stat_in(std::string_view text, BlockIoStats& out);
// Lines `some avg10=0.00 avg60=0.00 avg300=0.00 total=0` and `full ...`.
Pressure pressure_in(std::string_view text);
// cpuacct.usage_all: a heading, then lines `CPU USER SYSTEM`.
void usage_all_in(std::string_view text, CpuStats& out);
// The line of one resource in resctrl's schemata, without its indentation; "" if there is none.
std::string schema_in(std::string_view text, std::string_view resource);

}  // namespace nucleus::enforce
