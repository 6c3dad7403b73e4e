#define BOOST_TEST_MODULE state
#include "state/store.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "faulty_kernel.hpp"
#include "temporary_directory.hpp"

using namespace nucleus::state;
using namespace nucleus::state::test;
using nucleus::Errc;
namespace fs = std::filesystem;

namespace {

struct Fixture {
    TemporaryDirectory temporary;
    FaultyKernel kernel;
    fs::path root = temporary.path() / "run" / "nucleus";
    Store store{kernel, root.string()};

    ContainerDirectory created(std::string_view id) {
        auto directory = store.create(id);
        if (!directory) BOOST_FAIL(directory.error().message());
        return std::move(*directory);
    }
};

Record full_record() {
    Record record;
    record.id = "web-1";
    record.oci_version = "1.3.0";
    record.bundle = "/bundles/web \"1\"\n";
    record.rootfs = "/bundles/web/rootfs";
    record.created = "2026-01-02T03:04:05.123456789Z";
    record.owner_uid = 4294967295;
    record.init = ProcessId{4242, 18446744073709551615U};
    record.committed = true;
    record.cgroup = {"systemd",
                     {{"", "/sys/fs/cgroup/a"}, {"cpu", "/sys/fs/cgroup/cpu/a"}},
                     {"/sys/fs/cgroup/a"}};
    record.socket = "gate.sock";
    record.separate_pid_namespace = false;
    record.new_keyring = false;
    record.no_pivot = true;
    record.annotations = {{"key", "value"}, {"empty", ""}, {"utf8", "\xc3\xa9"}};
    record.resources.emplace().pids_limit = 0;
    record.resources->unified = {{"memory.high", "1\n2"}};
    record.l3_cache_schema = "L3:0=f";
    record.mem_bw_schema = "MB:0=20";
    return record;
}

std::vector<std::string> names_in(const fs::path& directory) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory))
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

mode_t mode_of(const fs::path& path) {
    struct stat status = {};
    BOOST_TEST_REQUIRE(lstat(path.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

using Strings = std::vector<std::string>;

template <class T>
std::string refusal(const nucleus::Result<T>& result, Errc code) {
    if (result) return "(accepted)";
    BOOST_CHECK(result.error().code() == code);
    return result.error().message();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(container_id)

BOOST_AUTO_TEST_CASE(accepts_letters_digits_and_four_signs) {
    for (const char* good : {"a", "web-1", "A_b+c.d-E9", "...", "-x", ".hidden"})
        BOOST_TEST(validate_id(good).has_value(), good);
    BOOST_TEST(validate_id(std::string(1024, 'a')).has_value());
}

BOOST_AUTO_TEST_CASE(refuses_everything_else_and_names_the_id) {
    for (const std::string bad :
         {"", ".", "..", "a/b", "../x", "a b", "a\n", "a:b", "\xc3\xa9", "a@b"})
        BOOST_TEST(refusal(validate_id(bad), Errc::invalid_argument)
                       .find("invalid container id '" + bad + "'") == 0U);
    BOOST_TEST(!validate_id(std::string("a\0b", 3)).has_value());
    BOOST_TEST(!validate_id(std::string(1025, 'a')).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(store, Fixture)

BOOST_AUTO_TEST_CASE(create_makes_root_and_directory_for_the_owner_only) {
    const auto directory = created("web-1");
    BOOST_TEST(directory.id() == "web-1");
    BOOST_TEST(directory.path() == (root / "web-1").string());
    BOOST_TEST(mode_of(root / "web-1") == 0700U);
    BOOST_TEST(mode_of(root) == (geteuid() == 0 ? 0711U : 01700U));
    struct stat held = {}, named = {};
    BOOST_TEST(fstat(directory.dirfd(), &held) == 0);
    BOOST_TEST(stat(directory.path().c_str(), &named) == 0);
    BOOST_TEST(held.st_ino == named.st_ino);
    BOOST_TEST((fcntl(directory.dirfd(), F_GETFD) & FD_CLOEXEC) != 0);
}

BOOST_AUTO_TEST_CASE(create_refuses_a_taken_id) {
    const auto first = created("web-1");
    BOOST_TEST(refusal(store.create("web-1"), Errc::already_exists) ==
               "container with given ID already exists");
    write_file(root / "file", "");
    fs::create_symlink(temporary.path(), root / "link");
    BOOST_TEST(refusal(store.create("file"), Errc::already_exists) ==
               "container with given ID already exists");
    BOOST_TEST(refusal(store.create("link"), Errc::already_exists) ==
               "container with given ID already exists");
}

BOOST_AUTO_TEST_CASE(create_refuses_an_id_that_no_file_can_have) {
    BOOST_TEST(
        refusal(store.create(std::string(300, 'a')), Errc::system).find("file name too long") !=
        std::string::npos);
    BOOST_TEST(refusal(store.create("../x"), Errc::invalid_argument).find("'../x'") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(open_finds_what_create_made) {
    { const auto directory = created("web-1"); }
    const auto directory = store.open("web-1");
    BOOST_TEST_REQUIRE(directory.has_value());
    BOOST_TEST(directory->path() == (root / "web-1").string());
}

BOOST_AUTO_TEST_CASE(open_says_that_there_is_no_container) {
    constexpr const char* kNone = "container does not exist";
    BOOST_TEST(refusal(store.open("web-1"), Errc::does_not_exist) == kNone);  // not even a root
    created("other");
    BOOST_TEST(refusal(store.open("web-1"), Errc::does_not_exist) == kNone);
    BOOST_TEST(refusal(store.open(std::string(300, 'a')), Errc::does_not_exist) == kNone);
    write_file(root / "file", "");
    BOOST_TEST(refusal(store.open("file"), Errc::does_not_exist) == kNone);
}

BOOST_AUTO_TEST_CASE(open_follows_no_symbolic_link) {
    created("real");
    fs::create_directory_symlink("real", root / "link");
    BOOST_TEST(refusal(store.open("link"), Errc::does_not_exist) == "container does not exist");
}

BOOST_AUTO_TEST_CASE(lists_ids_sorted_and_passes_over_what_is_none) {
    BOOST_TEST(store.list()->empty());  // no root yet
    for (const char* id : {"b", "a", "C"}) created(id);
    write_file(root / "file", "");
    fs::create_directory(root / "not an id");
    fs::create_directory_symlink("a", root / "link");
    const auto ids = store.list();
    BOOST_TEST_REQUIRE(ids.has_value());
    BOOST_TEST(*ids == (Strings{"C", "a", "b"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(record, Fixture)

BOOST_AUTO_TEST_CASE(loads_what_was_saved) {
    auto directory = created("web-1");
    BOOST_TEST(directory.save(full_record()).has_value());
    const auto loaded = store.open("web-1")->load();
    BOOST_TEST_REQUIRE(loaded.has_value());
    BOOST_CHECK(*loaded == full_record());
    BOOST_TEST(names_in(root / "web-1") == Strings{"state.jsonl"},
               boost::test_tools::per_element());
    BOOST_TEST(mode_of(root / "web-1" / "state.jsonl") == 0600U);
}

BOOST_AUTO_TEST_CASE(loads_a_record_without_a_process) {
    auto directory = created("web-1");
    Record record;
    record.id = "web-1";
    BOOST_TEST(directory.save(record).has_value());
    BOOST_CHECK(**directory.load() == record);
    record.init = ProcessId{1, 2};
    BOOST_TEST(directory.save(record).has_value());  // replaces
    BOOST_CHECK(**directory.load() == record);
}

BOOST_AUTO_TEST_CASE(tells_an_absent_record_from_a_broken_one) {
    auto directory = created("web-1");
    auto loaded = directory.load();
    BOOST_TEST_REQUIRE(loaded.has_value());
    BOOST_TEST(!loaded->has_value());
    const std::string name = (root / "web-1" / "state.jsonl").string();

    BOOST_TEST(directory.save(full_record()).has_value());
    const std::string whole = file_text(name);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        // A writer that was killed leaves half a line: nothing was made yet, or what the line
        // before says.
        write_file(name, whole.substr(0, size));
        BOOST_TEST(!directory.load()->has_value());
        write_file(name, whole + whole.substr(0, size));
        BOOST_CHECK(**directory.load() == full_record());
        if (size + 1 == whole.size()) break;
        write_file(name, whole.substr(0, size) + "\n");
        BOOST_TEST(refusal(directory.load(), Errc::system).find(name + " line ") == 0U);
    }
    write_file(name, "{\"id\":\"web-1\",\"init_process_pid\":7}\n");  // another runtime's
    BOOST_TEST(refusal(directory.load(), Errc::system) ==
               name + " /ociVersion: required property is missing");
}

BOOST_AUTO_TEST_CASE(refuses_the_record_of_another_container) {
    auto directory = created("web-2");
    BOOST_TEST(directory.save(full_record()).has_value());
    BOOST_TEST(refusal(directory.load(), Errc::system) ==
               (root / "web-2" / "state.jsonl").string() + " /id: it is the record of 'web-1'");
}

BOOST_AUTO_TEST_CASE(refuses_a_pid_that_means_many_processes) {
    auto directory = created("web-1");
    Record record = full_record();
    for (const int pid : {0, -1}) {
        record.init = ProcessId{pid, 1};
        BOOST_TEST(directory.save(record).has_value());
        BOOST_TEST(refusal(directory.load(), Errc::system)
                       .find("/init/pid: expected a number greater than zero") !=
                   std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(reads_no_record_through_a_link_and_waits_for_no_fifo) {
    auto directory = created("web-1");
    write_file(temporary.path() / "elsewhere", "{}");
    fs::create_symlink(temporary.path() / "elsewhere", root / "web-1" / "state.jsonl");
    BOOST_TEST(refusal(directory.load(), Errc::system).find("state.jsonl") != std::string::npos);
    fs::remove(root / "web-1" / "state.jsonl");
    BOOST_TEST_REQUIRE(mkfifo((root / "web-1" / "state.jsonl").c_str(), 0600) == 0);
    BOOST_TEST(!directory.load()->has_value());
}

BOOST_AUTO_TEST_CASE(refuses_to_save_what_could_not_be_loaded) {
    auto directory = created("web-1");
    Record record = full_record();
    record.annotations["big"] = std::string(16U << 20, 'x');
    BOOST_TEST(refusal(directory.save(record), Errc::unsupported).find("larger than 16 MiB") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(keeps_the_configuration_byte_for_byte) {
    auto directory = created("web-1");
    BOOST_TEST(
        refusal(directory.load_config(), Errc::system).find("config.json': the file is missing") !=
        std::string::npos);
    const std::string bytes = "{ \"a\": 1 }\n" + std::string(100000, ' ');
    BOOST_TEST(directory.save_config(bytes).has_value());
    BOOST_TEST(*store.open("web-1")->load_config() == bytes);
    BOOST_TEST(mode_of(root / "web-1" / "config.json") == 0600U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(locking, Fixture)

BOOST_AUTO_TEST_CASE(one_holder_at_a_time) {
    auto first = created("web-1");
    auto second = store.open("web-1");
    auto held = first.lock();
    BOOST_TEST_REQUIRE(held.has_value());
    BOOST_TEST(refusal(second->lock(), Errc::wrong_state) ==
               "another command is at work on the container");
    BOOST_TEST(refusal(first.lock(), Errc::wrong_state) ==
               "another command is at work on the container");
    held->reset();
    BOOST_TEST(second->lock().has_value());
}

BOOST_AUTO_TEST_CASE(readers_need_no_lock) {
    auto directory = created("web-1");
    BOOST_TEST(directory.save(full_record()).has_value());
    const auto held = directory.lock();
    BOOST_TEST(store.open("web-1")->load().has_value());
    BOOST_TEST(store.list()->size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(removal, Fixture)

BOOST_AUTO_TEST_CASE(removes_every_file_and_frees_the_id) {
    auto directory = created("web-1");
    BOOST_TEST(directory.save(full_record()).has_value());
    BOOST_TEST(directory.save_config("{}").has_value());
    write_file(root / "web-1" / ".state.jsonl.4711", "half");
    BOOST_TEST_REQUIRE(mkfifo((root / "web-1" / "gate.sock").c_str(), 0600) == 0);
    BOOST_TEST(directory.remove().has_value());
    BOOST_TEST(!fs::exists(root / "web-1"));
    BOOST_TEST(store.create("web-1").has_value());
}

BOOST_AUTO_TEST_CASE(leaves_what_a_link_points_to) {
    auto directory = created("web-1");
    write_file(temporary.path() / "precious", "kept");
    fs::create_directory(temporary.path() / "tree");
    fs::create_symlink(temporary.path() / "precious", root / "web-1" / "config.json");
    fs::create_symlink(temporary.path() / "tree", root / "web-1" / "state.jsonl");
    BOOST_TEST(directory.remove().has_value());
    BOOST_TEST(file_text(temporary.path() / "precious") == "kept");
    BOOST_TEST(fs::is_directory(temporary.path() / "tree"));
    BOOST_TEST(!fs::exists(root / "web-1"));
}

BOOST_AUTO_TEST_CASE(removes_twice_without_complaint) {
    auto directory = created("web-1");
    auto same = store.open("web-1");
    BOOST_TEST(directory.save(full_record()).has_value());
    BOOST_TEST(directory.remove().has_value());
    BOOST_TEST(same->remove().has_value());
    BOOST_TEST(directory.remove().has_value());
}

BOOST_AUTO_TEST_CASE(a_directory_that_was_removed_meanwhile_is_no_container) {
    auto directory = created("web-1");
    BOOST_TEST(store.open("web-1")->remove().has_value());
    BOOST_TEST(refusal(directory.load(), Errc::does_not_exist) == "container does not exist");
    BOOST_TEST(refusal(directory.lock(), Errc::does_not_exist) == "container does not exist");
    BOOST_TEST(!directory.save(full_record()).has_value());
    const auto successor = created("web-1");
    BOOST_TEST(refusal(directory.load(), Errc::does_not_exist) == "container does not exist");
    BOOST_TEST(successor.load().has_value());
}

BOOST_AUTO_TEST_CASE(spares_a_successor_of_the_same_id) {
    auto old = created("web-1");
    auto other = store.open("web-1");
    BOOST_TEST(other->remove().has_value());
    const auto successor = created("web-1");
    BOOST_TEST(old.remove().has_value());
    BOOST_TEST(fs::exists(root / "web-1"));
}

BOOST_AUTO_TEST_CASE(names_a_foreign_directory_that_it_does_not_remove) {
    auto directory = created("web-1");
    BOOST_TEST(directory.save(full_record()).has_value());
    fs::create_directory(root / "web-1" / "foreign");
    BOOST_TEST(
        refusal(directory.remove(), Errc::system).find((root / "web-1" / "foreign").string()) !=
        std::string::npos);
    BOOST_TEST(directory.load()->has_value());  // still a container: the record goes last
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(faults, Fixture)

// A create that fails at its n-th call leaves nothing that open and remove do not find, for every
// n.
BOOST_AUTO_TEST_CASE(every_failing_call_leaves_only_what_remove_takes) {
    const auto write_everything = [&]() -> nucleus::Result<void> {
        NUCLEUS_TRY(auto directory, store.create("web-1"));
        NUCLEUS_CHECK(directory.save(full_record()));
        NUCLEUS_CHECK(directory.save_config("{}"));
        return directory.save(full_record());
    };
    unsigned n = 1;
    for (;; ++n) {
        kernel.fail_call(n, EIO);
        const auto outcome = write_everything();
        const bool reached = kernel.calls() >= n;
        kernel.fail_call(0, 0);
        if (!reached) break;
        BOOST_TEST_CONTEXT("call " << n) {
            BOOST_TEST(!outcome.has_value());
            BOOST_TEST(outcome.error().message().find("'") != std::string::npos);  // says of what
            if (auto left = store.open("web-1"); left) {
                BOOST_TEST(left->load().has_value());  // a whole record or none
                BOOST_TEST(left->remove().has_value());
            }
            BOOST_TEST(store.list()->empty());
            fs::remove_all(temporary.path() / "run");
        }
    }
    BOOST_TEST(n > 20U);
}

BOOST_AUTO_TEST_CASE(a_failing_save_keeps_the_old_record) {
    auto directory = created("web-1");
    BOOST_TEST(directory.save(full_record()).has_value());
    Record next = full_record();
    next.bundle = "/elsewhere";
    for (unsigned n = 1;; ++n) {
        kernel.fail_call(n, ENOSPC);
        const auto saved = directory.save(next);
        kernel.fail_call(0, 0);
        if (saved) break;
        BOOST_CHECK(**directory.load() == full_record());
        BOOST_TEST(names_in(root / "web-1") == Strings{"state.jsonl"},
                   boost::test_tools::per_element());
    }
    BOOST_CHECK(**directory.load() == next);
}

BOOST_AUTO_TEST_CASE(a_removal_that_failed_can_be_repeated) {
    for (unsigned n = 1;; ++n) {
        auto directory = created("web-1");
        BOOST_TEST(directory.save(full_record()).has_value());
        BOOST_TEST(directory.save_config("{}").has_value());
        kernel.fail_call(n, EIO);
        const auto removed = directory.remove();
        kernel.fail_call(0, 0);
        if (removed) {
            BOOST_TEST(n > 5U);
            break;
        }
        BOOST_TEST(store.open("web-1")->remove().has_value());
        BOOST_TEST(store.list()->empty());
    }
}

BOOST_AUTO_TEST_SUITE_END()
