using Tidings.Security.Identities;

namespace Tidings.Data.State;

/// <summary>What was revoked, and stays so after a restart. Safe from any thread.</summary>
internal sealed class DataRevocations(StateDatabase database) : IRevocationLog
{
    public Task ShareAsync(Revocation revocation) => database.RunAsync(connection =>
    {
        StateDatabase.Run(
            connection,
            "INSERT INTO revoked (kind, name, at) VALUES ($kind, $name, $at) ON CONFLICT (kind, name) DO UPDATE SET at = max(at, excluded.at)",
            ("$kind", (int)revocation.Kind), ("$name", revocation.Name), ("$at", revocation.At));

        // As many as memory has.
        return StateDatabase.Run(
            connection,
            "DELETE FROM revoked WHERE kind = $kind AND at < (SELECT at FROM revoked WHERE kind = $kind ORDER BY at DESC LIMIT 1 OFFSET $most)",
            ("$kind", (int)revocation.Kind), ("$most", Revocations.Most));
    });

    /// <summary>All that was revoked.</summary>
    public Task<IReadOnlyList<Revocation>> ReadAsync() => database.RunAsync<IReadOnlyList<Revocation>>(connection =>
    {
        using var command = StateDatabase.Command(connection, "SELECT kind, name, at FROM revoked");
        using var rows = command.ExecuteReader();
        List<Revocation> found = [];
        while (rows.Read())
        {
            found.Add(new Revocation((RevocationKind)rows.GetInt32(0), rows.GetString(1), rows.GetInt64(2)));
        }

        return found;
    });
}
