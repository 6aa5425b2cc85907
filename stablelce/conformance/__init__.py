"""Does an implementation keep the contract?"""
