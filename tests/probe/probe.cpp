// The static probe program: run as the container process, it prints what it sees as one JSON
// object. `nucleus-probe SECTION...`; without a section, all of them.
#include <cstdio>
#include <cstring>

#include <sys/stat.h>

namespace {

constexpr const char* kNamespaces[] = {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"};

void print_namespaces() {
  const char* separator = "";
  std::printf("\"namespaces\":{");
  for (const char* name : kNamespaces) {
    char path[64];
    std::snprintf(path, sizeof path, "/proc/self/ns/%s", name);
    struct stat status {};
    if (stat(path, &status) == 0) {
      std::printf("%s\"%s\":%lu", separator, name, static_cast<unsigned long>(status.st_ino));
      separator = ",";
    }
  }
  std::printf("}");
}

}  // namespace

int main() {
  std::printf("{");
  print_namespaces();
  std::printf("}\n");
  return 0;
}
