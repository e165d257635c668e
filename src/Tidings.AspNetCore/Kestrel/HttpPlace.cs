using Tidings.Quotas;

namespace Tidings.AspNetCore.Kestrel;

/// <summary>The place of one connection; the default value is none.</summary>
internal readonly record struct HttpPlace(AddressPlaces? Places, AddressKey Address)
{
    public void Leave() => Places?.Leave(Address);
}
