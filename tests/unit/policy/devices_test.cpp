// linux.devices and the device allow-list.
#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "sample.hpp"

using namespace nucleus;
using namespace nucleus::policy;
using namespace nucleus::policy::testing;
using Type = DeviceNode::Type;

namespace {

Outcome with_devices(std::vector<spec::Device> devices) {
    spec::Spec spec = sample_spec();
    spec.linux_->devices = std::move(devices);
    return translated(spec);
}

Outcome with_rules(std::vector<spec::DeviceRule> rules) {
    spec::Spec spec = sample_spec();
    spec.linux_->resources = spec::Resources{};
    spec.linux_->resources->devices = std::move(rules);
    return translated(spec);
}

spec::Device device(std::string type, std::string path, std::int64_t major, std::int64_t minor) {
    return {std::move(type), std::move(path), major, minor, {}, {}, {}};
}

const DeviceNode& node_at(const Outcome& outcome, std::string_view path) {
    const auto& nodes = outcome.policy().devices.nodes;
    const auto found = std::ranges::find(nodes, path, &DeviceNode::path);
    BOOST_TEST_REQUIRE((found != nodes.end()), path);
    return *found;
}

std::string text_of(const DeviceRule& rule) {
    const auto number = [](const std::optional<std::uint32_t>& value) {
        return value ? std::to_string(*value) : "*";
    };
    return std::string(rule.allow ? "allow " : "deny ") + rule.type + ' ' + number(rule.major) +
           ':' + number(rule.minor) + ' ' + rule.access;
}

std::vector<std::string> rules_of(const Outcome& outcome) {
    std::vector<std::string> texts;
    for (const DeviceRule& rule : outcome.policy().devices.rules) texts.push_back(text_of(rule));
    return texts;
}

const std::vector<std::string> kDefaultRules{
    "allow c *:* m",   "allow b *:* m",     "allow c 1:3 rwm",    "allow c 1:5 rwm",
    "allow c 1:7 rwm", "allow c 1:8 rwm",   "allow c 1:9 rwm",    "allow c 5:0 rwm",
    "allow c 5:2 rwm", "allow c 136:* rwm", "allow c 10:200 rwm",
};

// The rules become `before`, the default ones, `after`.
void check_rules(std::vector<spec::DeviceRule> rules, std::vector<std::string> before,
                 const std::vector<std::string>& after) {
    const Outcome outcome = with_rules(std::move(rules));
    std::vector<std::string> expected = std::move(before);
    expected.insert(expected.end(), kDefaultRules.begin(), kDefaultRules.end());
    expected.insert(expected.end(), after.begin(), after.end());
    BOOST_TEST(rules_of(outcome) == expected, boost::test_tools::per_element());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(devices)

BOOST_AUTO_TEST_CASE(default_devices_are_nodes_for_everybody) {
    const Outcome outcome = translated(sample_spec());
    const struct {
        const char* path;
        std::uint32_t major, minor;
    } rows[] = {{"/dev/null", 1, 3},   {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
                {"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0}};
    BOOST_TEST(outcome.policy().devices.nodes.size() == std::size(rows));
    for (const auto& row : rows) {
        const DeviceNode& node = node_at(outcome, row.path);
        BOOST_TEST((node.type == Type::character));
        BOOST_TEST(node.major == row.major);
        BOOST_TEST(node.minor == row.minor);
        BOOST_TEST(node.mode == 0666U);
        BOOST_TEST(node.uid == 0U);
        BOOST_TEST(node.gid == 0U);
    }
}

BOOST_AUTO_TEST_CASE(listed_devices_follow_with_their_mode_and_owner) {
    spec::Device fuse = device("c", "/dev/fuse", 10, 229);
    fuse.file_mode = 0640;
    fuse.uid = 5;
    fuse.gid = 6;
    const Outcome outcome = with_devices(
        {fuse, device("b", "/dev/sda", 8, 0), device("u", "/u", 1, 2), device("p", "/fifo", 0, 0)});
    const DeviceNode expected{Type::character, "/dev/fuse", 10, 229, 0640, 5, 6};
    BOOST_TEST((node_at(outcome, "/dev/fuse") == expected));
    BOOST_TEST((node_at(outcome, "/dev/sda").type == Type::block));
    BOOST_TEST(node_at(outcome, "/dev/sda").mode == 0666U);
    BOOST_TEST((node_at(outcome, "/u").type == Type::character));
    BOOST_TEST((node_at(outcome, "/fifo").type == Type::fifo));
    BOOST_TEST(outcome.policy().devices.nodes.back().path == "/fifo");
}

BOOST_AUTO_TEST_CASE(a_file_type_in_file_mode_is_left_to_type) {
    spec::Device device_with_type = device("c", "/d", 1, 3);
    device_with_type.file_mode = 020666;  // st_mode of a character device
    BOOST_TEST(node_at(with_devices({device_with_type}), "/d").mode == 0666U);
}

BOOST_AUTO_TEST_CASE(a_listed_device_takes_the_place_of_the_default_one) {
    const Outcome outcome = with_devices({device("c", "/dev/tty", 4, 1)});
    const auto& nodes = outcome.policy().devices.nodes;
    BOOST_TEST(std::ranges::count(nodes, "/dev/tty", &DeviceNode::path) == 1);
    BOOST_TEST(node_at(outcome, "/dev/tty").major == 4U);
}

BOOST_AUTO_TEST_CASE(refuses_devices_without_meaning) {
    const std::string at = "config.json /linux/devices/0/";
    BOOST_TEST(with_devices({device("x", "/d", 1, 1)}).refusal() ==
               at + "type: unknown device type 'x': c, b, u and p are known");
    BOOST_TEST(with_devices({device("c", "d", 1, 1)}).refusal() ==
               at + "path: must be an absolute path, is 'd'");
    BOOST_TEST(with_devices({device("c", "/d", -1, 1)}).refusal() ==
               at + "major: device number -1 is not in 0..4095");
    BOOST_TEST(with_devices({device("c", "/d", 4096, 1)}).refusal() ==
               at + "major: device number 4096 is not in 0..4095");
    BOOST_TEST(with_devices({device("b", "/d", 1, 1048576)}).refusal() ==
               at + "minor: device number 1048576 is not in 0..1048575");
}

BOOST_AUTO_TEST_CASE(default_rules_follow_the_last_rule_for_all_devices) {
    check_rules({}, {}, {});
    check_rules({{false, "a", {}, {}, "rwm"}}, {"deny a *:* rwm"}, {});
    check_rules({{true, "c", 1, 3, "r"}, {false, "a", {}, {}, ""}, {true, "b", 8, 0, "r"}},
                {"allow c 1:3 r", "deny a *:* rwm"}, {"allow b 8:0 r"});
}

BOOST_AUTO_TEST_CASE(a_bundle_has_the_last_word_on_a_single_default_device) {
    check_rules({{false, "a", {}, {}, "rwm"}, {false, "c", 10, 200, "rwm"}}, {"deny a *:* rwm"},
                {"deny c 10:200 rwm"});
    check_rules({{false, "c", 10, 200, "rwm"}}, {}, {"deny c 10:200 rwm"});
}

BOOST_AUTO_TEST_CASE(rules_keep_their_order_and_get_the_defaults_of_the_specification) {
    check_rules({{false, "", {}, {}, ""},
                 {true, "c", 10, 229, "mr"},
                 {true, "b", 8, {}, "w"},
                 {true, "c", {}, 3, "rr"}},
                {"deny a *:* rwm"}, {"allow c 10:229 rm", "allow b 8:* w", "allow c *:3 r"});
}

BOOST_AUTO_TEST_CASE(minus_one_is_any_number) {
    check_rules({{true, "c", 10, -1, "rwm"}, {true, "c", -1, -1, "r"}}, {},
                {"allow c 10:* rwm", "allow c *:* r"});
}

BOOST_AUTO_TEST_CASE(a_rule_for_all_types_that_is_narrower_becomes_one_for_each_type) {
    check_rules({{true, "a", {}, {}, "mwr"}, {true, "a", 10, {}, "rwm"}, {false, "a", {}, {}, "w"}},
                {"allow a *:* rwm"},
                {"allow b 10:* rwm", "allow c 10:* rwm", "deny b *:* w", "deny c *:* w"});
}

BOOST_AUTO_TEST_CASE(refuses_rules_without_meaning) {
    const std::string at = "config.json /linux/resources/devices/1/";
    const spec::DeviceRule good{true, "c", 1, 3, "r"};
    BOOST_TEST(with_rules({good, {true, "p", 1, 3, "r"}}).refusal() ==
               at + "type: unknown device type 'p': a, b and c are known");
    BOOST_TEST(with_rules({good, {true, "c", -2, 3, "r"}}).refusal() ==
               at + "major: device number -2 is not in 0..4095");
    BOOST_TEST(with_rules({good, {true, "c", 1, 1048576, "r"}}).refusal() ==
               at + "minor: device number 1048576 is not in 0..1048575");
    BOOST_TEST(with_rules({good, {true, "c", 1, 3, "rx"}}).refusal() ==
               at + "access: unknown access 'rx': letters of rwm are known");
}

BOOST_AUTO_TEST_SUITE_END()
