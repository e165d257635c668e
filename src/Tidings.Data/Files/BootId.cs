namespace Tidings.Data.Files;

/// <summary>Which start of the machine this is: where it is another one than before, what was not on disk may be gone.</summary>
internal static class BootId
{
    private const string Source = "/proc/sys/kernel/random/boot_id";

    /// <summary>Empty where it cannot be known, which is never the same as before.</summary>
    public static string Current
    {
        get
        {
            try
            {
                return File.Exists(Source) ? File.ReadAllText(Source).Trim() : "";
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                return "";
            }
        }
    }
}
