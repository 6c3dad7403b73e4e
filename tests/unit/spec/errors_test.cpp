// What the reader refuses, and that its words say where.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "documents.hpp"
#include "spec/parse.hpp"

using namespace nucleus::spec;
using namespace nucleus::spec::test;
namespace data = boost::unit_test::data;

namespace {

// The message for `bytes`, which must be refused as an invalid configuration.
std::string refusal(std::string_view bytes) {
    const auto spec = parse(bytes);
    if (spec) return "(accepted)";
    BOOST_CHECK(spec.error().code() == nucleus::Errc::invalid_config);
    return spec.error().message();
}

struct Case {
    std::string bytes;
    std::string message;
};
std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.bytes; }

const std::string kInt32 = "expected an integer from -2147483648 to 2147483647, found ";
const std::string kInt64 =
    "expected an integer from -9223372036854775808 to 9223372036854775807, found ";
const std::string kUint16 = "expected an integer from 0 to 65535, found ";
const std::string kUint32 = "expected an integer from 0 to 4294967295, found ";
const std::string kUint64 = "expected an integer from 0 to 18446744073709551615, found ";
const std::string kNoInteger = "a number that is none or exceeds 64 bits";
const std::string kMissing = "required property is missing";

Case linux_case(std::string members, std::string pointer, std::string problem) {
    return {config_with_linux(members), "config.json /linux" + pointer + ": " + problem};
}
Case process_case(std::string members, std::string pointer, std::string problem) {
    return {config_with_process(members), "config.json /process" + pointer + ": " + problem};
}
Case top_case(std::string members, std::string pointer, std::string problem) {
    return {config_with(members), "config.json " + pointer + ": " + problem};
}
Case limit_case(std::string members, std::string pointer, std::string problem) {
    return linux_case("\"resources\":{" + members + "}", "/resources" + pointer, problem);
}

const std::vector<Case> kTypes{
    {"[]", "config.json: expected an object, found an array"},
    {"null", "config.json: expected an object, found null"},
    {"\"text\"", "config.json: expected an object, found a string"},
    {R"({"ociVersion":1})", "config.json /ociVersion: expected a string, found a number"},
    {R"({"ociVersion":"1.0.0","root":"rootfs"})",
     "config.json /root: expected an object, found a string"},
    {R"({"ociVersion":"1.0.0","root":null})", "config.json /root: expected an object, found null"},
    top_case(R"(,"mounts":{})", "/mounts", "expected an array, found an object"),
    top_case(R"(,"mounts":[{"destination":"/a"},null])", "/mounts/1",
             "expected an object, found null"),
    top_case(R"(,"mounts":[{"destination":"/a","options":"ro"}])", "/mounts/0/options",
             "expected an array, found a string"),
    top_case(R"(,"mounts":[{"destination":"/a","options":["ro",true]}])", "/mounts/0/options/1",
             "expected a string, found a boolean"),
    top_case(R"(,"hostname":["a"])", "/hostname", "expected a string, found an array"),
    top_case(R"(,"annotations":{"a/b~c":1})", "/annotations/a~1b~0c",
             "expected a string, found a number"),
    top_case(R"(,"annotations":{"a\nb":null})", "/annotations/a\\u000ab",
             "expected a string, found null"),
    top_case(R"(,"hooks":{"poststop":{}})", "/hooks/poststop",
             "expected an array, found an object"),
    process_case(R"(,"terminal":"yes")", "/terminal", "expected a boolean, found a string"),
    process_case(R"(,"terminal":0)", "/terminal", "expected a boolean, found a number"),
    process_case(R"(,"capabilities":["CAP_CHOWN"])", "/capabilities",
                 "expected an object, found an array"),
    process_case(R"(,"user":{"uid":"0","gid":0})", "/user/uid", kUint32 + "a string"),
    linux_case(R"("namespaces":[{"type":"pid"},{"type":"uts"},{"type":3}])", "/namespaces/2/type",
               "expected a string, found a number"),
    linux_case(R"("sysctl":{"net.ipv4.ip_forward":1})", "/sysctl/net.ipv4.ip_forward",
               "expected a string, found a number"),
    linux_case(R"("timeOffsets":{"boottime":4})", "/timeOffsets/boottime",
               "expected an object, found a number"),
    linux_case(R"("netDevices":[])", "/netDevices", "expected an object, found an array"),
    linux_case(
        R"("seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":"read","action":""}]})",
        "/seccomp/syscalls/0/names", "expected an array, found a string"),
    limit_case(R"("unified":{"memory.max":1})", "/unified/memory.max",
               "expected a string, found a number"),
    limit_case(R"("devices":[{"allow":"yes"}])", "/devices/0/allow",
               "expected a boolean, found a string"),
};

const std::vector<Case> kNumbers{
    process_case(R"(,"user":{"uid":-1,"gid":0})", "/user/uid", kUint32 + "-1"),
    process_case(R"(,"user":{"uid":4294967296,"gid":0})", "/user/uid", kUint32 + "4294967296"),
    process_case(R"(,"user":{"uid":1.0,"gid":0})", "/user/uid", kUint32 + kNoInteger),
    process_case(R"(,"user":{"uid":1e3,"gid":0})", "/user/uid", kUint32 + kNoInteger),
    process_case(R"(,"user":{"uid":0,"gid":0,"additionalGids":[1,-2]})", "/user/additionalGids/1",
                 kUint32 + "-2"),
    process_case(R"(,"oomScoreAdj":2147483648)", "/oomScoreAdj", kInt32 + "2147483648"),
    process_case(R"(,"oomScoreAdj":-2147483649)", "/oomScoreAdj", kInt32 + "-2147483649"),
    process_case(R"(,"oomScoreAdj":1.5)", "/oomScoreAdj", kInt32 + kNoInteger),
    process_case(R"(,"rlimits":[{"type":"R","soft":18446744073709551616,"hard":0}])",
                 "/rlimits/0/soft", kUint64 + kNoInteger),
    process_case(R"(,"rlimits":[{"type":"R","soft":-1,"hard":0}])", "/rlimits/0/soft",
                 kUint64 + "-1"),
    limit_case(R"("memory":{"limit":9223372036854775808})", "/memory/limit",
               kInt64 + "9223372036854775808"),
    limit_case(R"("memory":{"limit":-9223372036854775809})", "/memory/limit", kInt64 + kNoInteger),
    limit_case(R"("memory":{"swappiness":-1})", "/memory/swappiness", kUint64 + "-1"),
    limit_case(R"("blockIO":{"weight":65536})", "/blockIO/weight", kUint16 + "65536"),
    limit_case(R"("pids":{"limit":null})", "/pids/limit", kInt64 + "null"),
    top_case(R"(,"hooks":{"prestart":[{"path":"/a","timeout":0}]})", "/hooks/prestart/0/timeout",
             "expected a number greater than zero, found 0"),
};

const std::vector<Case> kMissingProperties{
    {"{}", "config.json /ociVersion: " + kMissing},
    {R"({"ociVersion":"1.0.0"})", "config.json /root: " + kMissing},
    {R"({"ociVersion":"1.0.0","root":{}})", "config.json /root/path: " + kMissing},
    top_case(R"(,"mounts":[{"type":"proc"}])", "/mounts/0/destination", kMissing),
    top_case(R"(,"mounts":[{"destination":"/a","uidMappings":[{"hostID":0,"size":1}]}])",
             "/mounts/0/uidMappings/0/containerID", kMissing),
    top_case(R"(,"process":{"args":["sh"]})", "/process/cwd", kMissing),
    top_case(R"(,"process":{"cwd":"/"})", "/process/args", kMissing),
    top_case(R"(,"process":{"cwd":"/","args":[]})", "/process/args",
             "at least one entry is required"),
    process_case(R"(,"user":{"gid":0})", "/user/uid", kMissing),
    process_case(R"(,"user":{"uid":0})", "/user/gid", kMissing),
    process_case(R"(,"consoleSize":{"height":1})", "/consoleSize/width", kMissing),
    process_case(R"(,"consoleSize":{"width":1})", "/consoleSize/height", kMissing),
    process_case(R"(,"rlimits":[{"soft":1,"hard":1}])", "/rlimits/0/type", kMissing),
    process_case(R"(,"rlimits":[{"type":"R","hard":1}])", "/rlimits/0/soft", kMissing),
    process_case(R"(,"rlimits":[{"type":"R","soft":1}])", "/rlimits/0/hard", kMissing),
    process_case(R"(,"scheduler":{})", "/scheduler/policy", kMissing),
    process_case(R"(,"ioPriority":{"priority":1})", "/ioPriority/class", kMissing),
    process_case(R"(,"ioPriority":{"class":"IOPRIO_CLASS_RT"})", "/ioPriority/priority", kMissing),
    top_case(R"(,"hooks":{"poststart":[{"args":["a"]}]})", "/hooks/poststart/0/path", kMissing),
    linux_case(R"("namespaces":[{"path":"/a"}])", "/namespaces/0/type", kMissing),
    linux_case(R"("uidMappings":[{"containerID":0,"size":1}])", "/uidMappings/0/hostID", kMissing),
    linux_case(R"("gidMappings":[{"containerID":0,"hostID":1}])", "/gidMappings/0/size", kMissing),
    linux_case(R"("devices":[{"path":"/dev/a"}])", "/devices/0/type", kMissing),
    linux_case(R"("devices":[{"type":"p"}])", "/devices/0/path", kMissing),
    linux_case(R"("devices":[{"type":"c","path":"/dev/a","minor":1}])", "/devices/0/major",
               kMissing),
    linux_case(R"("devices":[{"type":"b","path":"/dev/a","major":1}])", "/devices/0/minor",
               kMissing),
    linux_case(R"("memoryPolicy":{"nodes":"0"})", "/memoryPolicy/mode", kMissing),
    linux_case(R"("personality":{})", "/personality/domain", kMissing),
    linux_case(R"("seccomp":{})", "/seccomp/defaultAction", kMissing),
    linux_case(R"("seccomp":{"defaultAction":"A","syscalls":[{"action":"A"}]})",
               "/seccomp/syscalls/0/names", kMissing),
    linux_case(R"("seccomp":{"defaultAction":"A","syscalls":[{"names":["a"]}]})",
               "/seccomp/syscalls/0/action", kMissing),
    linux_case(R"("seccomp":{"defaultAction":"A","syscalls":[{"names":[],"action":"A"}]})",
               "/seccomp/syscalls/0/names", "at least one entry is required"),
    linux_case(R"("seccomp":{"defaultAction":"A","syscalls":[)"
               R"({"names":["a"],"action":"A","args":[{"value":1,"op":"O"}]}]})",
               "/seccomp/syscalls/0/args/0/index", kMissing),
    linux_case(R"("seccomp":{"defaultAction":"A","syscalls":[)"
               R"({"names":["a"],"action":"A","args":[{"index":1,"op":"O"}]}]})",
               "/seccomp/syscalls/0/args/0/value", kMissing),
    linux_case(R"("seccomp":{"defaultAction":"A","syscalls":[)"
               R"({"names":["a"],"action":"A","args":[{"index":1,"value":1}]}]})",
               "/seccomp/syscalls/0/args/0/op", kMissing),
    limit_case(R"("devices":[{"access":"r"}])", "/devices/0/allow", kMissing),
    limit_case(R"("pids":{})", "/pids/limit", kMissing),
    limit_case(R"("hugepageLimits":[{"limit":1}])", "/hugepageLimits/0/pageSize", kMissing),
    limit_case(R"("hugepageLimits":[{"pageSize":"2MB"}])", "/hugepageLimits/0/limit", kMissing),
    limit_case(R"("network":{"priorities":[{"priority":1}]})", "/network/priorities/0/name",
               kMissing),
    limit_case(R"("network":{"priorities":[{"name":"a"}]})", "/network/priorities/0/priority",
               kMissing),
    limit_case(R"("blockIO":{"throttleReadBpsDevice":[{"major":1,"minor":1}]})",
               "/blockIO/throttleReadBpsDevice/0/rate", kMissing),
    limit_case(R"("blockIO":{"weightDevice":[{"minor":1,"weight":1}]})",
               "/blockIO/weightDevice/0/major", kMissing),
    limit_case(R"("blockIO":{"weightDevice":[{"major":1,"minor":1}]})", "/blockIO/weightDevice/0",
               "one of weight and leafWeight is required"),
    limit_case(R"("rdma":{"a":{}})", "/rdma/a", "one of hcaHandles and hcaObjects is required"),
};

std::string page_size(std::string_view size) {
    return config_with_linux(R"("resources":{"hugepageLimits":[{"limit":1,"pageSize":")" +
                             std::string(size) + "\"}]}");
}

std::string version(std::string_view text) {
    return R"({"root":{"path":"r"},"ociVersion":")" + std::string(text) + "\"}";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(parse_refusals)

BOOST_DATA_TEST_CASE(names_the_pointer_of_a_wrong_type, data::make(kTypes)) {
    BOOST_TEST(refusal(sample.bytes) == sample.message);
}

BOOST_DATA_TEST_CASE(refuses_numbers_outside_their_type, data::make(kNumbers)) {
    BOOST_TEST(refusal(sample.bytes) == sample.message);
}

BOOST_DATA_TEST_CASE(names_the_required_property_that_is_missing, data::make(kMissingProperties)) {
    BOOST_TEST(refusal(sample.bytes) == sample.message);
}

BOOST_AUTO_TEST_CASE(refuses_huge_page_sizes_of_another_form) {
    for (const char* good : {"64KB", "2MB", "1GB", "16GB"})
        BOOST_TEST(parse(page_size(good)).has_value());
    for (const char* bad :
         {"", "B", "MB", "2M", "64kB", "02MB", "2.5MB", "2TB", "2MB ", "-2MB", "../2MB"})
        BOOST_TEST(
            refusal(page_size(bad)) ==
            "config.json /linux/resources/hugepageLimits/0/pageSize: expected a size such as "
            "64KB, 2MB or 1GB, found '" +
                std::string(bad) + "'");
}

BOOST_AUTO_TEST_CASE(refuses_duplicate_names_in_any_object) {
    BOOST_TEST(refusal(config_with(R"(,"root":{"path":"b"})")) ==
               "config.json /root: duplicate name");
    BOOST_TEST(refusal(config_with(R"(,"x":{"y":[{"z":1,"a":2,"z":1}]})")) ==
               "config.json /x/y/0/z: duplicate name");
    BOOST_TEST(refusal(config_with(R"(,"windows":{"a":1,"a":1})")) ==
               "config.json /windows/a: duplicate name");
    // The same name spelt in two ways is the same name.
    BOOST_TEST(refusal(config_with(R"(,"annotations":{"a":"1","\u0061":"2"})")) ==
               "config.json /annotations/a: duplicate name");
}

BOOST_AUTO_TEST_CASE(finds_a_duplicate_among_many_names) {
    std::string members;
    for (int i = 0; i < 20000; ++i) members += "\"k" + std::to_string(i) + "\":\"\",";
    BOOST_TEST(parse(config_with(",\"annotations\":{" + members + "\"last\":\"\"}")).has_value());
    BOOST_TEST(refusal(config_with(",\"annotations\":{" + members + "\"k777\":\"\"}")) ==
               "config.json /annotations/k777: duplicate name");
}

BOOST_AUTO_TEST_CASE(refuses_nul_characters_and_lone_surrogates_in_strings) {
    BOOST_TEST(refusal(config_with(R"(,"hostname":"a\u0000b")")) ==
               "config.json /hostname: a NUL character in a string");
    BOOST_TEST(refusal(config_with(R"(,"unknown":[{"a\u0000":1}])")) ==
               std::string("config.json /unknown/0/a\\u0000: a NUL character in a string"));
    BOOST_TEST(refusal(config_with(R"(,"hostname":"a\udc00b")")) ==
               "config.json /hostname: half of a surrogate pair");
    BOOST_TEST(parse(config_with(",\"hostname\":\"\xed\x95\x9c\"")).has_value());  // U+D55C
}

BOOST_AUTO_TEST_CASE(names_line_and_column_of_a_syntax_error) {
    BOOST_TEST(refusal("") == "config.json line 1 column 1: the document is empty");
    BOOST_TEST(refusal(" \n\n ") == "config.json line 3 column 2: the document is empty");
    BOOST_TEST(refusal("{]") == "config.json line 1 column 2: expected a name in double quotes");
    BOOST_TEST(refusal("{\n  \"a\": 1\n  \"b\": 2}") ==
               "config.json line 3 column 3: expected a comma or '}'");
    BOOST_TEST(refusal("{\"a\":1,}") ==
               "config.json line 1 column 8: expected a name in double quotes");
    BOOST_TEST(refusal("[1,]") == "config.json line 1 column 4: expected a value");
    BOOST_TEST(refusal("{\"a\":tru}") == "config.json line 1 column 9: expected a value");
    BOOST_TEST(refusal("{}\n{}") ==
               "config.json line 2 column 1: something follows the end of the document");
    BOOST_TEST(refusal("{} x") ==
               "config.json line 1 column 4: something follows the end of the document");
    BOOST_TEST(refusal("// c\n{}") == "config.json line 1 column 1: expected a value");
    BOOST_TEST(refusal("{'a':1}") ==
               "config.json line 1 column 2: expected a name in double quotes");
    BOOST_TEST(refusal("\xef\xbb\xbf{}") == "config.json line 1 column 1: expected a value");
    BOOST_TEST(refusal("{\"a\":1e999}") ==
               "config.json line 1 column 6: a number too large for any type");
    BOOST_TEST(refusal("{\"a\":NaN}") == "config.json line 1 column 6: expected a value");
    BOOST_TEST(refusal("{\"a\":01}") == "config.json line 1 column 7: expected a comma or '}'");
}

BOOST_AUTO_TEST_CASE(refuses_control_characters_and_nul_bytes) {
    BOOST_TEST(refusal("{\"a\":\"x\ny\"}").find("config.json line ") == 0U);
    BOOST_TEST(refusal(std::string_view("{}\0{}", 5)) == "config.json line 1 column 3: a NUL byte");
    BOOST_TEST(refusal(std::string_view("{\"a\":\"\0\"}", 9)) ==
               "config.json line 1 column 7: a NUL byte");
}

BOOST_AUTO_TEST_CASE(refuses_invalid_utf8) {
    for (const char* bad :
         {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80"}) {
        BOOST_TEST_CONTEXT("bytes of length " << std::string_view(bad).size()) {
            BOOST_TEST(refusal(config_with(",\"x\":\"" + std::string(bad) + "\""))
                           .find(": invalid UTF-8") != std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(refuses_more_than_64_levels) {
    const auto nested = [](std::size_t levels) {
        return config_with(",\"x\":" + std::string(levels, '[') + std::string(levels, ']'));
    };
    BOOST_TEST(parse(nested(63)).has_value());  // with the document's own object: 64
    BOOST_TEST(refusal(nested(64)).find(": arrays and objects nest too deep") != std::string::npos);
    BOOST_TEST(refusal(std::string(1U << 20, '[')).find(": arrays and objects nest too deep") !=
               std::string::npos);
    std::string objects;
    for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
    BOOST_TEST(refusal(objects).find(": arrays and objects nest too deep") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(refuses_more_than_16_mib) {
    std::string bytes = config_with("");
    bytes.resize(kMaxConfigBytes, ' ');
    BOOST_TEST(parse(bytes).has_value());
    bytes += ' ';
    BOOST_TEST(refusal(bytes) == "config.json: larger than 16 MiB");
}

BOOST_AUTO_TEST_CASE(accepts_semver_of_major_version_1) {
    for (const char* good : {"1.0.0", "1.3.0", "1.99.99", "1.0.2-dev", "1.2.1+dev", "1.0.0-rc.1",
                             "1.0.0-0a.-.x-y", "1.0.0--", "1.0.0+001.-", "1.0.0-a+b-c.d"})
        BOOST_TEST(parse(version(good)).has_value(), good);
}

BOOST_AUTO_TEST_CASE(refuses_versions_that_are_no_semver) {
    for (const char* bad : {"", "1", "1.0", "1.0.0.0", "v1.0.0", "01.0.0", "1.00.0", "1.0.0-",
                            "1.0.0+", "1.0.0-01", "1.0.0-a..b", "1.0.0+a+b", "1.0.0-a_b", " 1.0.0",
                            "1.0.0 ", "1..0", "a.b.c", "-1.0.0", "1.0.0-\\u00e9"})
        BOOST_TEST(refusal(version(bad)).find("is no SemVer 2.0.0 version") != std::string::npos,
                   bad);
}

BOOST_AUTO_TEST_CASE(refuses_other_major_versions) {
    for (const char* bad : {"0.5.0-dev", "2.0.0", "10.0.0", "18446744073709551617.0.0"})
        BOOST_TEST(refusal(version(bad)) == "config.json /ociVersion: version " + std::string(bad) +
                                                " is not supported: nucleus implements 1.x");
}

BOOST_AUTO_TEST_SUITE_END()
