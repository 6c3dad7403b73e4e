#include "enforce/cgroup.hpp"

#include "enforce/cgroupfs.hpp"

namespace nucleus::enforce {

Result<std::unique_ptr<CgroupBackend>> open_cgroup(sys::Kernel& kernel,
                                                   const state::CgroupRecord& record,
                                                   CgroupRights rights) {
    if (record.manager != "cgroupfs" && record.manager != "disabled")
        return Error(Errc::unsupported,
                     "cgroup manager '" + record.manager + "': this build has only cgroupfs");
    return std::unique_ptr<CgroupBackend>(
        std::make_unique<CgroupfsBackend>(kernel, record, rights));
}

}  // namespace nucleus::enforce
