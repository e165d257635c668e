using System.Text;

namespace Tidings.Security.Identities;

/// <summary>Ids of users, which come from tokens, from the application's authentication or from its hook.</summary>
internal static class UserId
{
    private const int LongestId = 250;

    /// <summary>Whether it may be an id: 1 to 250 bytes, nothing that can't be seen, and not begun as those of anonymous members are.</summary>
    public static bool IsValid(string id) =>
        id.Length is > 0 and <= LongestId && Encoding.UTF8.GetByteCount(id) <= LongestId && id[0] != '~' && !id.Any(char.IsControl);
}
