namespace EnergyTTT.Routing.Losses;

/// <summary>The loss of a bias and its terms, each already weighted; dimensionless.</summary>
/// <param name="Energy"><c>w_E qbar . cbar Jref</c>.</param>
/// <param name="Thermal"><c>w_T qbar . mu</c>.</param>
/// <param name="Performance"><c>w_P lse_tau(T_g) / Tref</c>.</param>
/// <param name="Memory"><c>w_M</c> times the share of slots on experts that are not in device memory.</param>
/// <param name="LoadBalance"><c>w_B sum_g (share_g - target_g)^2</c>.</param>
/// <param name="Divergence"><c>beta mean_t KL(q_t||p_t)</c>.</param>
public readonly record struct LossValue(double Energy, double Thermal, double Performance, double Memory, double LoadBalance, double Divergence)
{
    /// <summary>The sum of the terms.</summary>
    public double Total => Energy + Thermal + Performance + Memory + LoadBalance + Divergence;
}
