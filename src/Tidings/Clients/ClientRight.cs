using Tidings.Security.Identities;

namespace Tidings.Clients;

/// <summary>Who may have a name, and whose it is where several may: nobody anonymous has a right to any, and of users the one whose id is the longer part
/// of the name has the better one.</summary>
/// <remarks>A right is the length of the user's id, 0 for somebody anonymous. Ids that begin one name and have one length are the same id, so that equal
/// rights above 0 are those of one user.</remarks>
internal static class ClientRight
{
    public const int None = 0;

    /// <summary>Whether somebody may have the name at all: a user that which is the user's id, or begins with it and a colon; somebody anonymous any.</summary>
    public static bool Allows(string client, Identity? who) =>
        who is not { User: var user }
        || (client.StartsWith(user, StringComparison.Ordinal) && (client.Length == user.Length || client[user.Length] == ':'));

    /// <summary>The right to each name that <see cref="Allows"/> allows.</summary>
    public static int Of(Identity? who) => who?.User.Length ?? None;
}
