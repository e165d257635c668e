using Tidings.Server.Configuration;
using Tidings.Server.Options;

namespace Tidings.Server.Reloading;

/// <summary>An option whose value is another one.</summary>
/// <param name="Path">Its key.</param>
/// <param name="IsReloadable">Whether that takes effect without a restart.</param>
internal sealed record OptionChange(string Path, bool IsReloadable)
{
    public static IEnumerable<OptionChange> Between(ServerSettings before, ServerSettings after)
    {
        if (before.Urls != after.Urls)
        {
            yield return new OptionChange("urls", IsReloadable: false);
        }

        var old = OptionKey.All(before.Options).ToDictionary(static key => key.Path);
        foreach (var key in OptionKey.All(after.Options))
        {
            if (!old.Remove(key.Path, out var was) ? key.Value is not null : !Equals(was.Value, key.Value))
            {
                yield return new OptionChange(key.Path, key.IsReloadable);
            }
        }

        // Items of lists that are no longer there.
        foreach (var gone in old.Values.Where(static key => key.Value is not null))
        {
            yield return new OptionChange(gone.Path, gone.IsReloadable);
        }
    }
}
