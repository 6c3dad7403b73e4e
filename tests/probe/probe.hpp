// The sections of the probe. Each writes one value; none changes what another one sees.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json.hpp"

namespace probe {

struct Request {
    std::vector<std::string> sections;
    std::vector<std::string> paths;    // for `paths`
    std::vector<std::string> sysctls;  // for `sysctls`
    std::vector<std::string> arguments;
};

// identity.cpp: what the process is.
void report_namespaces(Json& json, const Request& request);
void report_capabilities(Json& json, const Request& request);
void report_rlimits(Json& json, const Request& request);
void report_ids(Json& json, const Request& request);
void report_security(Json& json, const Request& request);
void report_process(Json& json, const Request& request);
void report_processes(Json& json, const Request& request);

// scheduling.cpp: when and where it runs.
void report_scheduling(Json& json, const Request& request);

// files.cpp: what it sees of file systems.
void report_mounts(Json& json, const Request& request);
void report_devices(Json& json, const Request& request);
void report_cgroup(Json& json, const Request& request);
void report_paths(Json& json, const Request& request);
void report_sysctls(Json& json, const Request& request);
void report_root(Json& json, const Request& request);

// device_rules.cpp: what the device controller lets it do with nodes it makes itself.
void report_device_rules(Json& json, const Request& request);

// huge_pages.cpp: what the hugetlb controller and the pool let it reserve.
void report_huge_pages(Json& json, const Request& request);

// channels.cpp: what connects it to others.
void report_descriptors(Json& json, const Request& request);
void report_signals(Json& json, const Request& request);
void report_session(Json& json, const Request& request);
void report_keyring(Json& json, const Request& request);
void report_network(Json& json, const Request& request);
void report_system(Json& json, const Request& request);
void report_clocks(Json& json, const Request& request);

// syscalls.cpp: what each of a list of harmless system calls answers.
void report_syscalls(Json& json, const Request& request);

// text.cpp: helpers.
std::string read_file(const std::string& path, std::size_t limit = 1 << 20);
std::vector<std::string> split(std::string_view text, char separator);
std::vector<std::string> directory_names(const std::string& path);  // sorted, without . and ..
std::string error_name(int error);                                  // "ok" for 0
std::string link_target(const std::string& path);                   // empty if it is no link
char type_letter(unsigned int mode);                                // as ls -l: - d l c b p s
std::string octal(unsigned int mode);                               // the permission bits

}  // namespace probe
