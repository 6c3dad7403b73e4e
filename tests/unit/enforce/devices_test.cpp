// Device rules for v1 as lines and for v2 as a program, which an interpreter runs.
#include "enforce/devices.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

#include "enforce/device_filter.hpp"

using namespace nucleus;
using namespace nucleus::enforce;
using policy::DeviceRule;

namespace {

const DeviceRule kDenyAll{false, 'a', std::nullopt, std::nullopt, "rwm"};
const DeviceRule kAllowAll{true, 'a', std::nullopt, std::nullopt, "rwm"};

std::vector<std::string> lines(const std::vector<DeviceRule>& rules) {
    const auto writes = v1_device_writes(rules);
    BOOST_REQUIRE(writes);
    std::vector<std::string> texts;
    for (const DeviceWrite& write : *writes)
        texts.push_back((write.allow ? "allow " : "deny ") + write.value);
    return texts;
}

void check_lines(const std::vector<DeviceRule>& rules, const std::vector<std::string>& expected) {
    const auto texts = lines(rules);
    BOOST_TEST(texts == expected, boost::test_tools::per_element());
}

// The few instructions that the compiler emits, as the kernel defines them
// (Documentation/bpf/standardization/ instruction-set.rst); anything else fails the test.
class Interpreter {
public:
    explicit Interpreter(const std::vector<bpf_insn>& program) : program_(program) {}

    bool allows(const bpf_cgroup_dev_ctx& device) {
        std::uint32_t registers[11] = {};
        for (std::size_t at = 0;; ++at) {
            BOOST_REQUIRE(at < program_.size());
            const bpf_insn& code = program_[at];
            std::uint32_t& to = registers[code.dst_reg];
            const auto value = static_cast<std::uint32_t>(code.imm);
            switch (code.code) {
                case BPF_LDX | BPF_MEM | BPF_W:
                    BOOST_REQUIRE(code.src_reg == BPF_REG_1);
                    to = code.off == 0   ? device.access_type
                         : code.off == 4 ? device.major
                                         : device.minor;
                    break;
                case BPF_ALU | BPF_MOV | BPF_K:
                    to = value;
                    break;
                case BPF_ALU | BPF_MOV | BPF_X:
                    to = registers[code.src_reg];
                    break;
                case BPF_ALU | BPF_AND | BPF_K:
                    to &= value;
                    break;
                case BPF_ALU | BPF_RSH | BPF_K:
                    to >>= value;
                    break;
                case BPF_JMP32 | BPF_JNE | BPF_K:
                    at += to != value ? code.off : 0;
                    break;
                case BPF_JMP32 | BPF_JSET | BPF_K:
                    at += (to & value) != 0 ? code.off : 0;
                    break;
                case BPF_JMP | BPF_JA:
                    at += code.off;
                    break;
                case BPF_JMP | BPF_EXIT:
                    return registers[BPF_REG_0] != 0;
                default:
                    BOOST_FAIL("unknown instruction " << int(code.code));
            }
        }
    }

private:
    const std::vector<bpf_insn>& program_;
};

bool filter_allows(const std::vector<DeviceRule>& rules, char type, unsigned major, unsigned minor,
                   const std::string& access) {
    std::uint32_t bits = 0;
    for (const char c : access)
        bits |= c == 'r'   ? BPF_DEVCG_ACC_READ
                : c == 'w' ? BPF_DEVCG_ACC_WRITE
                           : BPF_DEVCG_ACC_MKNOD;
    const std::uint32_t kind = type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
    const auto program = compile_device_filter(rules);
    return Interpreter(program).allows({bits << 16 | kind, major, minor});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(devices)

BOOST_AUTO_TEST_CASE(writes_rules_in_their_order) {
    check_lines({kDenyAll, {true, 'c', 1, 3, "rwm"}, {true, 'b', 8, std::nullopt, "r"}},
                {"deny a", "allow c 1:3 rwm", "allow b 8:* r"});
}

BOOST_AUTO_TEST_CASE(writes_nothing_that_changes_nothing) {
    check_lines({kAllowAll, {true, 'c', 1, 3, "rwm"}}, {});
    check_lines({{true, 'c', 1, 3, "rwm"}}, {});
    check_lines({kDenyAll, kDenyAll, {true, 'c', 1, 3, "rwm"}, {true, 'c', 1, 3, "rw"}},
                {"deny a", "allow c 1:3 rwm"});
    check_lines({kDenyAll, {false, 'c', 1, 3, "r"}}, {"deny a"});
    check_lines({kDenyAll, {true, 'c', 1, 3, ""}}, {"deny a"});
}

BOOST_AUTO_TEST_CASE(starts_anew_at_a_rule_for_everything) {
    check_lines({kDenyAll, {true, 'c', 1, 3, "rwm"}, kDenyAll, {true, 'c', 1, 3, "rwm"}},
                {"deny a", "allow c 1:3 rwm", "deny a", "allow c 1:3 rwm"});
    check_lines({kDenyAll, kAllowAll}, {"deny a", "allow a"});
}

BOOST_AUTO_TEST_CASE(splits_a_partial_rule_for_all_types_since_the_kernel_reads_only_its_letter) {
    check_lines({kDenyAll, {true, 'a', std::nullopt, std::nullopt, "m"}},
                {"deny a", "allow b *:* m", "allow c *:* m"});
    check_lines({{false, 'a', 8, std::nullopt, "w"}}, {"deny b 8:* w", "deny c 8:* w"});
}

BOOST_AUTO_TEST_CASE(takes_out_of_the_very_lines_that_stand) {
    check_lines({kDenyAll,
                 {true, 'c', 1, 3, "rwm"},
                 {true, 'c', 1, 5, "r"},
                 {false, 'c', 1, std::nullopt, "rw"}},
                {"deny a", "allow c 1:3 rwm", "allow c 1:5 r", "deny c 1:3 rw", "deny c 1:5 r"});
}

BOOST_AUTO_TEST_CASE(refuses_a_hole_in_a_wider_rule_which_the_kernel_would_ignore) {
    const auto writes = v1_device_writes(
        {kDenyAll, {true, 'c', 1, std::nullopt, "rwm"}, {false, 'c', 1, 3, "rwm"}});
    BOOST_REQUIRE(!writes);
    BOOST_TEST((writes.error().code() == Errc::unsupported));
    BOOST_TEST(writes.error().message().find("'c 1:3 rwm'") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(denies_the_opening_of_a_device_whose_node_anyone_may_make) {
    const DeviceRule nodes{true, 'c', std::nullopt, std::nullopt, "m"};
    check_lines({kDenyAll, nodes, {false, 'c', 10, 229, "rwm"}}, {"deny a", "allow c *:* m"});
    check_lines({kDenyAll, nodes, {true, 'c', 10, 229, "rw"}, {false, 'c', 10, 229, "rwm"}},
                {"deny a", "allow c *:* m", "allow c 10:229 rw", "deny c 10:229 rw"});
    BOOST_TEST(!v1_device_writes({kDenyAll, nodes, {false, 'c', 10, 229, "m"}}));
    BOOST_TEST(!v1_device_writes(
        {kDenyAll, {true, 'c', std::nullopt, std::nullopt, "rm"}, {false, 'c', 10, 229, "rwm"}}));
}

BOOST_AUTO_TEST_CASE(filter_lets_later_rules_override_earlier_ones) {
    const std::vector<DeviceRule> rules{
        kDenyAll, {true, 'c', 1, std::nullopt, "rwm"}, {false, 'c', 1, 3, "rwm"}};
    BOOST_TEST(filter_allows(rules, 'c', 1, 5, "rw"));
    BOOST_TEST(!filter_allows(rules, 'c', 1, 3, "r"));
    BOOST_TEST(!filter_allows(rules, 'b', 1, 5, "r"));
    BOOST_TEST(!filter_allows(rules, 'c', 2, 5, "r"));
}

BOOST_AUTO_TEST_CASE(filter_decides_on_each_access_by_itself) {
    const std::vector<DeviceRule> rules{
        kDenyAll, {true, 'c', 1, 3, "rw"}, {false, 'c', 1, 3, "w"}, {true, 'c', 1, 3, "m"}};
    BOOST_TEST(filter_allows(rules, 'c', 1, 3, "r"));
    BOOST_TEST(filter_allows(rules, 'c', 1, 3, "m"));
    BOOST_TEST(filter_allows(rules, 'c', 1, 3, "rm"));
    BOOST_TEST(!filter_allows(rules, 'c', 1, 3, "w"));
    BOOST_TEST(!filter_allows(rules, 'c', 1, 3, "rw"));
}

BOOST_AUTO_TEST_CASE(filter_allows_what_no_rule_speaks_of) {
    BOOST_TEST(filter_allows({}, 'c', 9, 9, "rwm"));
    BOOST_TEST(filter_allows({{false, 'b', 8, 0, "w"}}, 'b', 8, 0, "r"));
    BOOST_TEST(!filter_allows({{false, 'b', 8, 0, "w"}}, 'b', 8, 0, "rw"));
}

BOOST_AUTO_TEST_CASE(filter_compares_device_numbers_without_sign) {
    const std::vector<DeviceRule> rules{kDenyAll, {true, 'c', 0xffffffffU, 0x80000000U, "r"}};
    BOOST_TEST(filter_allows(rules, 'c', 0xffffffffU, 0x80000000U, "r"));
    BOOST_TEST(!filter_allows(rules, 'c', 0xffffffffU, 0, "r"));
}

BOOST_AUTO_TEST_CASE(filter_stops_at_the_last_rule_for_everything) {
    const std::vector<DeviceRule> rules{{true, 'c', 1, 3, "rwm"}, kDenyAll};
    BOOST_TEST(!filter_allows(rules, 'c', 1, 3, "r"));
    BOOST_TEST(compile_device_filter(rules).size() == compile_device_filter({kDenyAll}).size());
}

// Both forms of one list answer alike wherever v1 can hold it.
BOOST_AUTO_TEST_CASE(filter_agrees_with_a_model_of_the_rules_for_all_small_cases) {
    const std::vector<DeviceRule> pool{kDenyAll,
                                       kAllowAll,
                                       {true, 'c', 1, 3, "rw"},
                                       {false, 'c', 1, 3, "w"},
                                       {true, 'c', 1, std::nullopt, "r"},
                                       {false, 'a', std::nullopt, 3, "m"},
                                       {true, 'b', std::nullopt, std::nullopt, "rwm"}};
    const auto model = [](const std::vector<DeviceRule>& rules, char type, unsigned major,
                          unsigned minor, char access) {
        bool allowed = true;
        for (const DeviceRule& rule : rules)
            if ((rule.type == 'a' || rule.type == type) && (!rule.major || rule.major == major) &&
                (!rule.minor || rule.minor == minor) &&
                rule.access.find(access) != std::string::npos)
                allowed = rule.allow;
        return allowed;
    };
    unsigned wrong = 0;
    for (const DeviceRule& first : pool)
        for (const DeviceRule& second : pool)
            for (const DeviceRule& third : pool)
                for (const char type : {'b', 'c'})
                    for (const unsigned major : {1U, 2U})
                        for (const unsigned minor : {3U, 4U}) {
                            const std::vector<DeviceRule> rules{first, second, third};
                            bool all = true;
                            for (const char access : {'r', 'w', 'm'}) {
                                const bool expected = model(rules, type, major, minor, access);
                                all = all && expected;
                                wrong +=
                                    filter_allows(rules, type, major, minor, {access}) != expected;
                            }
                            wrong += filter_allows(rules, type, major, minor, "rwm") != all;
                        }
    BOOST_TEST(wrong == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
