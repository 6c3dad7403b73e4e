// The readers that more than one source file of this layer uses: one for each section of
// config.json.
#pragma once

#include "nucleus/spec.hpp"
#include "spec/reader.hpp"

namespace nucleus::spec {

void read(const Node& node, Spec& out);       // parse.cpp
void read(const Node& node, Process& out);    // process.cpp
void read(const Node& node, IdMapping& out);  // linux.cpp
void read(const Node& node, Linux& out);      // linux.cpp
void read(const Node& node, Resources& out);  // resources.cpp
void read(const Node& node, Seccomp& out);    // seccomp.cpp

}  // namespace nucleus::spec
