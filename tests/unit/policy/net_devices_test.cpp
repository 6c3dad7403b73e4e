// linux.netDevices: names and namespaces.
#include <boost/test/unit_test.hpp>

#include "sample.hpp"

using namespace nucleus;
using namespace nucleus::policy::testing;

namespace {

Outcome with_devices(std::map<std::string, spec::NetDevice> devices) {
    spec::Spec spec = sample_spec();
    spec.linux_->net_devices = std::move(devices);
    return translated(spec);
}

const struct {
    const char* name;
    const char* why;
} kRefusedNames[] = {
    {"abcdefghijklmnop", "'abcdefghijklmnop' is longer than 15 bytes, the longest device name"},
    {".", "'.' is no name of a network device"},
    {"..", "'..' is no name of a network device"},
    {"a/b", "'a/b' is no name of a network device: it holds '/', ':' or a blank"},
    {"a:1", "'a:1' is no name of a network device: it holds '/', ':' or a blank"},
    {"a b", "'a b' is no name of a network device: it holds '/', ':' or a blank"},
    {"a\tb", "'a\tb' is no name of a network device: it holds '/', ':' or a blank"},
    {"%s", "'%s' may hold '%' only once, as '%d'"},
    {"a%", "'a%' may hold '%' only once, as '%d'"},
    {"%d%d", "'%d%d' may hold '%' only once, as '%d'"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(network_devices)

BOOST_AUTO_TEST_CASE(keep_their_name_or_get_another) {
    const auto policy = with_devices({{"eth0", {}}, {"eth1", {"net%d"}}, {"eth2", {"net%d"}}});
    const std::vector<policy::NetDevicePolicy> expected{
        {"eth0", "eth0", "/linux/netDevices/eth0"},
        {"eth1", "net%d", "/linux/netDevices/eth1"},
        {"eth2", "net%d", "/linux/netDevices/eth2"}};
    BOOST_TEST((policy.policy().net_devices == expected));
}

BOOST_AUTO_TEST_CASE(need_names_that_the_kernel_takes) {
    for (const auto& row : kRefusedNames) {
        const auto outcome = with_devices({{"eth0", {row.name}}});
        BOOST_TEST(outcome.refusal() ==
                   std::string("config.json /linux/netDevices/eth0/name: ") + row.why);
        BOOST_CHECK(outcome.code() == Errc::invalid_config);
    }
    BOOST_TEST(with_devices({{"abcdefghijklmno", {}}}).refusal() == "accepted");
    BOOST_TEST(with_devices({{"", {}}}).refusal() ==
               "config.json /linux/netDevices/: a network device has a name");
    BOOST_CHECK(with_devices({{"a/b", {}}}).code() == Errc::invalid_config);
}

BOOST_AUTO_TEST_CASE(do_not_share_a_name) {
    BOOST_TEST(with_devices({{"eth0", {"eth1"}}, {"eth1", {}}}).refusal() ==
               "config.json /linux/netDevices/eth1/name: two devices would be called 'eth1' in "
               "the container");
    BOOST_TEST(with_devices({{"eth0", {"eth1"}}, {"eth1", {"eth0"}}}).refusal() == "accepted");
}

BOOST_AUTO_TEST_CASE(need_a_network_namespace_of_the_containers_own) {
    spec::Spec spec = sample_spec();
    spec.linux_->net_devices["eth0"] = {};
    std::erase_if(spec.linux_->namespaces,
                  [](const spec::Namespace& entry) { return entry.type == "network"; });
    BOOST_TEST(translated(spec).refusal() ==
               "config.json /linux/netDevices: needs a namespace of type 'network' of the "
               "container's own; it inherits the runtime's");
}

BOOST_AUTO_TEST_SUITE_END()
